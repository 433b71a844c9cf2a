"""KM201: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import file_bytes, is_selection, is_toy, pickles, reporter

RULE = Rule(
    "KM201",
    "from-tensor-slices-large-array",
    severity="warning",
    words=("from_tensor", "fit"),
)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for feed in script.feeds:
        if reporter(script, feed) != "KM201" or id(feed.call.node) in reported:
            continue
        found = _size(script, feed)
        if found is None:
            continue
        reported.add(id(feed.call.node))
        what, severity = found
        tensor = feed.array.kind == "tensor"  # made here, it is copied once, where the dataset is read
        yield Finding(
            at=script.call_place(feed.call),
            site=script.place(feed.call.site),
            message=f"`{feed.method}` copies {what} into the dataset, {'once it is read' if tensor else 'twice at its peak'}",
            bytes=feed.array.bytes if tensor else script.copied_bytes(feed),
            help="make the dataset of file names or indices and read each element in `map`, or give `fit` a"
            f" `{script.batch_class}`",
            related=script.trail(feed.array.origin),
            severity="info" if is_toy(feed.array) or (tensor and severity == "warning") else severity,
        )


def _size(script: Script, feed: Feed) -> tuple[str, Severity] | None:
    """The array in words, and how sure it is that it is large; None when it is small or nothing is known."""
    array = feed.array
    maker = script.maker(array)
    if array.bytes is not None:
        large = script.large(array.bytes)
        return (f"a whole array of {format_bytes(array.bytes)}", "warning") if large else None
    if array.least is not None and script.large(array.least):
        return f"a whole array of at least {format_bytes(array.least)}", "warning"
    size = file_bytes(script, maker)
    if size is not None:
        return (f"an array read from {format_bytes(size)}", "warning") if script.large(size) else None
    if maker is None or maker.name != "numpy.load" or maker.loops or pickles(maker) or is_selection(array):
        return None
    return "an array loaded whole", "hint"
