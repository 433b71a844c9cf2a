"""KM505: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.training.accumulating import Accumulated
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM505", "accumulate-tensors", severity="warning", words=("append",))

_TURN = 4 << 20  # in some hundred turns, whose number is not known, this is much
_FEW = 10  # a handful of tapes is kept for a gradient of all of them


def check(script: Script) -> Iterator[Finding]:
    for one in script.accumulated:
        finding = _in_graph(script, one) if one.loop is None else _in_loop(script, one)
        if finding is not None:
            yield finding


def _in_graph(script: Script, one: Accumulated) -> Finding | None:
    """A list outside a graph gets symbolic tensors, once for each trace."""
    if script.runs_eagerly or isinstance(one.value, Object):
        return None
    return Finding(
        at=script.call_place(one.call),
        site=script.place(one.call.site),
        message="a graph's tensor is appended to a list outside it: once, while it is traced, and without a value",
        help="return the tensor from the function, or collect in a `tf.TensorArray` inside it",
        severity="error",
    )


def _in_loop(script: Script, one: Accumulated) -> Finding | None:
    if script.is_test or one.loop is None:
        return None
    size, turn = one.bytes, one.turn_bytes
    if isinstance(one.value, Object):
        if one.loop.trips is not None and one.loop.trips < _FEW:
            return None
        what, known = "a gradient tape is kept in each turn, with all that it recorded", True
    else:
        what, known = "a tensor on the device is kept in each turn of a loop", script.large(size)
    if not known and (size is not None or turn is None or turn < _TURN):
        return None
    each = f", {format_bytes(turn)} each time" if not known and turn is not None else ""
    return Finding(
        at=script.call_place(one.call),
        site=script.place(one.call.site),
        message=what + each,
        bytes=size,
        help="keep what is used of it: a reduced number, or `.numpy()`, which is in the host's memory",
        related=(("the loop is here", script.place(one.loop.node)),),
        severity="warning" if known else "info",
    )
