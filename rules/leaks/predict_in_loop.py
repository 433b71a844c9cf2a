"""KM601: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.values import Array
from keras_memlint.fixes.calls import remove_argument, rename_method
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM601", "predict-in-loop", severity="info", words=("predict",), fix="safe")

_SHORT = 20  # turns a loop may have before its overhead is worth a word


def check(script: Script) -> Iterator[Finding]:
    if script.slices_arrays:
        return  # no data pipeline is set up
    for fit in script.fits:
        if fit.method != "predict" or not fit.call.loops or fit.model is None:
            continue
        loop = fit.call.loops[-1]
        if (loop.trips is not None and loop.trips < _SHORT) or not _one_sample(fit):
            continue
        made = fit.model.call
        if made is not None and loop in made.loops:
            continue  # another model each turn
        old = script.tensorflow_before(2, 8)
        yield Finding(
            at=script.call_place(fit.call),
            site=script.place(fit.call.site),
            message="`predict` runs on one sample at a time in a loop: each call sets up a data pipeline"
            + (" that TensorFlow before 2.8 frees late" if old else ""),
            help="call `predict_on_batch`, or collect the samples and predict once",
            related=(("the loop is here", script.place(loop.node)),) if loop.kind != "comprehension" else (),
            fixes=_fixes(script, fit),
            severity="warning" if old else "info",
        )


def _one_sample(fit: Fit) -> bool:
    """Whether what is predicted is a single sample, or a piece of an array."""
    x = fit.x
    return isinstance(x, Array) and ((x.shape is not None and x.shape[:1] == (1,)) or x.part)


def _fixes(script: Script, fit: Fit) -> tuple[Fix, ...]:
    call = fit.call
    x = fit.x
    single = isinstance(x, Array) and x.shape is not None and x.shape[:1] == (1,)
    if (
        call.star
        or not single
        or not script.own(call.node)
        or set(call.kwargs) - {"x", "verbose"}
        or len(call.args) > 1
    ):
        return ()
    edits = [rename_method(script, call.node, "predict_on_batch")]
    verbose = call.argument_node("verbose")
    if verbose is not None:
        edits.append(remove_argument(script, call.node, verbose))
    found = tuple([edit for edit in edits if edit is not None])
    return (Fix("call `predict_on_batch`", True, found),) if len(found) == len(edits) else ()
