"""KM503: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.forward import Forward
from keras_memlint.fixes.calls import rename_method
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.predicting import called_as_predict
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import is_toy

RULE = Rule(
    "KM503", "full-batch-call", severity="warning", words=("keras", "tensorflow", "tf", "tfmot"), fix="unsafe"
)

_ROWS = 512  # what fewer rows go through at once is called a batch
_TOY = 512 << 20  # a small data set is worth a word where a model makes this much of it
_MADE = (
    64 << 20
)  # so much of zeros or random numbers is a data set that a loop fills; less may be a step's noise
_PREDICT = "call `predict`, which computes a batch at a time"
_STEPS = "take the gradient of a batch at a time, or accumulate those of several"
_PRICE = "the last bits of a result may depend on the batch"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for one in script.forwards:
        size = _bytes(one)
        if not _is_whole(one) or not script.large(size):
            continue
        if is_toy(one.x) and (size or 0) < _TOY:
            continue
        what = "the gradient keeps every layer's output" if one.differentiated else "every layer is computed"
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=f"{_name(one)} takes a data set as one batch: {what} for all {one.rows:,} rows at once",
            bytes=size,
            help=_STEPS if one.differentiated else _PREDICT,
            related=script.trail(one.x.origin),
            fixes=_fixes(script, one),
        )


def _is_whole(one: Forward) -> bool:
    """Whether this is a data set rather than a batch: many rows, none left out, and no noise drawn for a step."""
    x = one.x
    if x.part or one.rows is None or one.rows < _ROWS or one.call.streamed or one.call.mapped:
        return False
    return x.source != "made" or (x.bytes or 0) >= _MADE


def _bytes(one: Forward) -> int | None:
    """What is known to be in memory at once: the layers' outputs, else the rows themselves."""
    return one.activation_bytes or one.x.bytes


def _name(one: Forward) -> str:
    return "calling the model" if one.method in ("__call__", "call") else f"`{one.method}`"


def _fixes(script: Script, one: Forward) -> tuple[Fix, ...]:
    if one.differentiated or one.call.traced is not None or script.large(one.x.least):
        return ()  # `predict` copies large arrays that it is given whole
    node = one.call.node
    if one.method == "predict_on_batch" and len(node.args) == 1:
        renamed = rename_method(script, node, "predict")
        edits: tuple[Edit, ...] | None = (renamed,) if renamed is not None else None
    elif one.method == "__call__":
        edits = called_as_predict(script, node)
    else:
        edits = None
    return (Fix("call `predict`", False, edits, _PRICE),) if edits else ()
