"""KM601: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Repeated, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import remove_arguments, rename_method
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM601", "predict-in-loop", severity="info", words=("predict", "evaluate"), fix="safe")


def check(script: Script) -> Iterator[Finding]:
    if script.slices_arrays or script.runs_sessions:
        return  # no data pipeline is set up
    for found in script.repeated_predictions:
        call, loop = found.fit.call, found.loop
        turned = loop is not None or found.elsewhere is not None
        old = script.tensorflow_before(2, 8)
        when = "at a time in a loop" if turned else f"at each {'request' if found.request else 'event'}"
        late = " that TensorFlow before 2.8 frees late" if old else ""
        place = found.elsewhere
        if loop is not None and loop.kind != "comprehension":
            place = script.place(loop.node)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{found.fit.method}` runs on {_what(found)} {when}: each call sets up a data pipeline{late}",
            help=_help(found),
            related=(("the loop is here", place),) if place is not None else (),
            fixes=_fixes(script, found),
            severity="warning" if old else "hint" if found.request else "info",
        )


def _what(found: Repeated) -> str:
    if found.rows == 1:
        return "one sample"
    return "one sample or batch" if found.rows is None and found.part else "one batch"


def _help(found: Repeated) -> str:
    if found.fit.method == "evaluate":
        return "take what `train_on_batch` gives, or call `test_on_batch`"
    turned = found.loop is not None or found.elsewhere is not None
    if found.rows not in (1, None) or not turned or found.learns:
        return "call `predict_on_batch`"
    return "call `predict_on_batch`, or predict all samples at once where they are there beforehand"


def _fixes(script: Script, found: Repeated) -> tuple[Fix, ...]:
    call = found.fit.call
    if (
        found.fit.method != "predict"
        or not found.whole
        or call.star
        or not script.own(call.node)
        or len(call.args) > 1
    ):
        return ()
    model = found.fit.model
    if model is None or (model.kind == "unknown" and model.call is None):
        return ()  # told by its use, which another class may have in common with Keras's
    if script.uses("tf.distribute."):
        return ()  # each replica would get all of the batch
    if set(call.kwargs) - {"x", "verbose", "batch_size"}:
        return ()
    gone = [argument for argument in call.node.args if argument.name in ("verbose", "batch_size")]
    if not all(isinstance(argument.value, (tree.Constant, tree.Name)) for argument in gone):
        return ()
    if call.given("batch_size") and not found.fit.batch_size:
        return ()
    renamed, removed = (
        rename_method(script, call.node, "predict_on_batch"),
        remove_arguments(script, call.node, gone),
    )
    if renamed is None or removed is None:
        return ()
    return (Fix("call `predict_on_batch`", True, (renamed, *removed)),)
