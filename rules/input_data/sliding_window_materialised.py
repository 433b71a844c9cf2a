"""KM110: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.arrays.windows import Windows
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import file_bytes, places

RULE = Rule(
    "KM110",
    "sliding-window-materialised",
    severity="warning",
    words=("array", "stack", "constant", "concat", "convert_to_tensor", "zeros", "ones", "empty", "full"),
)
# Shorter windows copy each row so few times that data of unknown size is left alone.
_WIDE = 16
_HELP = "`keras.utils.timeseries_dataset_from_array` cuts the windows of each batch when it is needed"
_OLD_HELP = (
    "`keras.preprocessing.sequence.TimeseriesGenerator` cuts the windows of each batch when it is needed"
)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for one in script.windows:
        severity = _severity(script, one)
        if severity is None or id(one.loop) in reported:
            continue
        reported.add(id(one.loop))
        fed = _fed(script, one)
        yield Finding(
            at=script.call_place(one.call) if one.copied is one.call.node else script.place(one.copied),
            site=script.place(one.site),
            message=_message(one),
            bytes=_bytes(script, one),
            help=_help(script, one),
            related=(("cut here", script.place(one.cut)), *places(script, fed)),
            severity=severity,
        )


def _message(one: Windows) -> str:
    each = ("row", "column")[one.axis] if one.axis < 2 else "place"
    what = f"windows of {one.widths[0]} {each}s"
    if len(one.widths) > 1:
        what, each = f"patches of {' x '.join(map(str, one.widths))}", "place"
    return f"overlapping {what} are copied one by one: each {each} up to {one.times:,} times"


def _help(script: Script, one: Windows) -> str:
    if len(one.widths) > 1 or one.axis:
        what = "patches" if len(one.widths) > 1 else "windows"
        return f"cut the {what} of each batch when it is needed, in a `{script.batch_class}`"
    return _OLD_HELP if script.slices_arrays else _HELP


def _severity(script: Script, one: Windows) -> Severity | None:
    """A warning where the windows are known to be large; where nothing is known, a hint for wide ones."""
    data = script.made_at(one.data) if one.data is not None else None
    if isinstance(data, Array) and data.source == "toy":
        return None
    size = _bytes(script, one)
    if size is not None:
        return "warning" if script.large(size) else None
    text = file_bytes(script, script.maker(Array(origin=one.data)))
    if text is not None:
        return "info" if script.large(text * one.times) else None
    return "hint" if one.times >= _WIDE and any(feed.method == "fit" for feed in _fed(script, one)) else None


def _bytes(script: Script, one: Windows) -> int | None:
    """Bytes of all windows; where their number is not known, there are about as many as rows."""
    if one.bytes is not None or one.data is None or one.item is None or len(one.widths) > 1:
        return one.bytes
    data = script.made_at(one.data)
    shape = data.shape if isinstance(data, Array) else None
    rows = shape[one.axis] if shape is not None and len(shape) > one.axis else None
    return max(rows - one.times, 0) * one.item if rows is not None else None


def _fed(script: Script, one: Windows) -> list[Feed]:
    """Where the windows are given to a model or a dataset."""
    fed = []
    for feed in script.feeds:
        steps = feed.array.origin.steps() if feed.array.origin is not None else ()
        if any(step.node is one.call.node for step in steps):
            fed.append(feed)
    return fed
