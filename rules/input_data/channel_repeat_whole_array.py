"""KM115: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.values import Array, Items, Value
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import uses

RULE = Rule(
    "KM115",
    "channel-repeat-whole-array",
    severity="warning",
    words=("repeat", "stack", "concatenate", "tile"),
)
_REPEATS = ("numpy.repeat", "numpy.ndarray.repeat", "numpy.tile")
_JOINS = ("numpy.stack", "numpy.concatenate", "numpy.dstack")
_RANK = 4  # images, rows, columns, channels


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    for call in script.calls(*_REPEATS, *_JOINS):
        result = call.result
        if call.streamed or call.mapped or not isinstance(result, Array):
            continue
        times = _times(call)
        if times is None or result.source == "toy" or not script.large(result.least):
            continue
        if not used.trains(result):
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"all images are stored with {times} equal channels",
            bytes=result.least,
            help="store one channel and repeat it in the model, batch by batch:"
            f" `keras.layers.Concatenate()([images] * {times})`",
            related=script.trail(result.origin.before if result.origin is not None else None),
        )


def _times(call: Call) -> int | None:
    """How many equal channels the call makes of one; None when it does something else."""
    result = call.result
    shape = result.shape if isinstance(result, Array) else None
    if shape is None or len(shape) != _RANK or not isinstance(shape[-1], int) or shape[-1] < 2:
        return None
    if call.name in _JOINS:
        given = call.first()
        items = given.items if isinstance(given, Items) else None
        if not items or not _is_same(items) or call.const("axis", 0) not in (-1, _RANK - 1):
            return None
        return shape[-1] if len(items) == shape[-1] else None
    before = call.operand()
    one = before.shape if isinstance(before, Array) else None
    return shape[-1] if one is not None and one[-1:] == (1,) and one[:-1] == shape[:-1] else None


def _is_same(items: tuple[Value, ...]) -> bool:
    """Whether all are one array."""
    first = items[0]
    return isinstance(first, Array) and all(item is first for item in items)
