"""KM608: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.arrays.captures import Captured
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM608", "closure-captures-array", severity="warning", words=("function", "map", "step", "fit"))

_LIMIT = 2**31  # of one constant in a graph


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for one in script.captured:
        size = one.array.bytes
        if size is None or not script.large(size) or one.array.source == "toy":
            continue
        fails = size >= _LIMIT
        yield Finding(
            at=script.place(one.given),
            site=script.place(one.call.site),
            message=_message(script, one, size, fails=fails),
            bytes=None if fails else size,
            help=f"make it a tensor once, outside the function (`tf.constant({script.text(one.given)})`): graphs refer to"
            " that and hold no copy",
            related=script.trail(one.array.origin),
            severity="error" if fails else None,
        )


def _message(script: Script, one: Captured, size: int, *, fails: bool) -> str:
    name = script.text(one.given)
    if fails:
        return f"`{name}` has {format_bytes(size)}, and a constant of a graph must be smaller than 2 GiB"
    return f"`{name}` is an array from outside of {_function(one)}, copied into each graph made of it as a constant"


def _function(one: Captured) -> str:
    return f"`{one.function.name}`" if one.function.name != "<lambda>" else "the lambda"
