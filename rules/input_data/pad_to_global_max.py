"""KM119: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Const, Scalar
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import uses

RULE = Rule("KM119", "pad-to-global-max", severity="hint", words=("pad_sequences",))
_FEW = 1_000  # samples of which nobody minds the padding


def check(script: Script) -> Iterator[Finding]:
    """One finding for each script: training and test data are padded alike."""
    if script.is_test:
        return
    used = uses(script)
    found = [
        call
        for call in script.calls("keras.utils.pad_sequences")
        if not (call.streamed or call.mapped or call.loops)
        and _to_longest(call)
        and not _are_few(call)
        and isinstance(call.result, Array)
        and used.trains(call.result)
    ]
    if not found:
        return
    also = {id(call.node): call for call in found[1:] if call.node is not found[0].node}
    yield Finding(
        at=script.call_place(found[0]),
        site=script.place(found[0].site),
        message="every sample is padded to the length of the longest one",
        help="set `maxlen` to a length that nearly all samples keep within, or batch samples of like length:"
        " `Dataset.bucket_by_sequence_length`",
        related=tuple(("the same happens here", script.call_place(call)) for call in list(also.values())[:3]),
    )


def _to_longest(call: Call) -> bool:
    if call.star:
        return False
    length = call.arg("maxlen")
    if isinstance(length, Scalar):
        return length.longest
    return length is None or (isinstance(length, Const) and length.value is None)


def _are_few(call: Call) -> bool:
    rows = call.result.length if isinstance(call.result, Array) else None
    return rows is not None and rows < _FEW
