"""KM213: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Api, Dataset
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM213", "from-generator-missing-signature", severity="info", words=("from_generator",))

# What leaves an unknown rank unknown.
_KEEPS = frozenset(
    ["batch", "cache", "filter", "prefetch", "repeat", "shard", "shuffle", "skip", "take", "with_options"]
)
_SEVERITIES: dict[int | None, Severity] = {2: "info", 3: "error", None: "warning"}


def check(script: Script) -> Iterator[Finding]:
    reported: set[int] = set()
    for call, _ in script.dataset_ops("from_generator"):
        if id(call.node) in reported or call.given("output_signature") or call.given("output_shapes"):
            continue
        types = call.arg("output_types")
        if isinstance(types, Api) and types.name == "tf.string":
            continue  # names of files, or texts: what comes of them has another shape
        reported.add(id(call.node))
        fit = _fitted(script, call)
        message = "`from_generator` without shapes gives elements of unknown rank"
        if fit is not None:
            message += f", on which `{fit.method}` of Keras 3 fails"
        signature = "`output_shapes`" if script.tensorflow_before(2, 4) else "`output_signature`"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=message,
            help=f"give {signature}: the shape and dtype of each part of an element, with None for axes that vary",
            related=((f"given to `{fit.method}` here", script.call_place(fit.call)),)
            if fit is not None
            else (),
            severity=_SEVERITIES[script.keras_major] if fit is not None else "info",
        )


def _fitted(script: Script, call: Call) -> Fit | None:
    """The first training or evaluation that gets these elements with their rank still unknown; None without one."""
    for fit in script.fits:
        if fit.method in ("fit", "evaluate") and isinstance(fit.x, Dataset):
            *steps, source = fit.x.chain()
            if (
                source.call is not None
                and source.call.node is call.node
                and all(s.op in _KEEPS for s in steps)
            ):
                return fit
    return None
