"""KM210: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Const, Dataset
from keras_memlint.analysis.interpret.elements import is_cheap
from keras_memlint.analysis.pipelines.buffers import own_bytes, shows_images
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import autotune
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.tf_data._reads import if_read

RULE = Rule(
    "KM210",
    "parallelism-oversized",
    severity="warning",
    words=("num_parallel_calls", "cycle_length", "map", "interleave", "batch"),
    fix="safe",
)

# More threads than almost all machines have cores; tf.data has no more of them than cores.
_MANY = 64


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for call, dataset in script.dataset_ops("map", "interleave", "batch"):
        count = _held(call)
        if count is None or id(call.node) in reported or dataset.toy or is_cheap(dataset.element):
            continue
        one, least = own_bytes(dataset)
        severity = _severity(script, dataset, count, one, least)
        if severity is None:
            continue
        reported.add(id(call.node))
        known = one if one is not None else least
        open_files = dataset.op == "interleave"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`interleave` keeps {count} inputs open, with at least an element ready of each"
            if open_files
            else f"`{dataset.op}` makes up to {count} elements at the same time and holds them all",
            bytes=known * count if known is not None and (one is not None or severity == "warning") else None,
            help="let tf.data choose with `tf.data.AUTOTUNE`; the order of elements stays the same"
            if not open_files
            else "open a few inputs at a time, as many as the disk serves well (4 to 16)",
            related=script.trail(dataset.origin)[:1],
            fixes=() if open_files else _fixes(script, call),
            severity=if_read(script, call, severity),
        )


def _held(call: Call) -> int | None:
    """How many elements are made, or inputs read, at the same time, when these are many; None otherwise."""
    many = call.const("cycle_length" if call.name.endswith("interleave") else "num_parallel_calls")
    parallel = call.arg("num_parallel_calls")
    if (
        not isinstance(many, int)
        or many < _MANY
        or parallel is None
        or (isinstance(parallel, Const) and not parallel.value)
    ):
        return None
    return many


def _severity(
    script: Script, dataset: Dataset, count: int, one: int | None, least: int | None
) -> Severity | None:
    """How sure it is that they take much; None when they take little."""
    if one is not None:
        return "warning" if script.large(one * count) else None
    if script.large(least * count if least is not None else None):
        return "warning"
    return "info" if shows_images(dataset) or dataset.batched else None


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    spelt = autotune(script, call.node) if script.own(call.node) else None
    if spelt is None:
        return ()
    name, imports = spelt
    edit = set_argument(
        script, call.node, "num_parallel_calls", name, position=call.params.index("num_parallel_calls")
    )
    return (Fix(f"let tf.data choose with `{name}`", True, (edit, *imports)),) if edit is not None else ()
