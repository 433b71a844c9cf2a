"""KM103: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.pydataset import feed_in_batches
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import copied_in_words, in_words, is_toy, places, reporter

RULE = Rule(
    "KM103",
    "whole-array-fit",
    severity="warning",
    words=("fit", "evaluate", "predict"),
    fix="unsafe",
)

_SLICE = "feed it in batches: a `{}` that slices the array, or files read by `tf.data`"
# A tensor is not copied, so that slicing it saves nothing: it must not be made whole.
_MAKE = "make it batch by batch: in the `map` of a `tf.data` data set, or in a layer of the model"
# Copies of a small built-in data set are worth a word where they take so much, as those of CIFAR-10 for x and y do.
_TOY = 2 << 30


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or script.backend != "tensorflow" or script.slices_arrays:
        return
    found: dict[int, list[Feed]] = {}
    for feed in script.feeds:
        if (
            reporter(script, feed) == "KM103"
            and in_words(script, feed) is not None
            and not _is_one_batch(feed)
        ):
            found.setdefault(_cause(feed), []).append(feed)
    reported: set[int] = set()
    for feeds in found.values():
        first = feeds[0]
        if id(first.call.node) in reported:
            continue
        what, size = copied_in_words(script, first)
        toy = is_toy(first.array)
        if toy and (size or 0) < _TOY:
            continue
        reported.add(id(first.call.node))
        tensor = first.array.kind == "tensor"
        fix = feed_in_batches(script, feeds) if not tensor else None
        yield Finding(
            at=script.call_place(first.call),
            site=script.place(first.call.site),
            message=f"`{first.method}` {what}",
            bytes=size,
            help=_MAKE if tensor else _SLICE.format(script.batch_class),
            related=(*script.trail(first.array.origin), *places(script, feeds)[1:]),
            fixes=(fix,) if fix is not None else (),
            severity="info" if toy else None,
        )


def _is_one_batch(feed: Feed) -> bool:
    """Whether there are no more rows than a batch has: no other way of feeding it needs less."""
    rows = feed.array.shape[0] if feed.array.shape else None
    batch = feed.fit.batch_size if feed.fit is not None else None
    return isinstance(rows, int) and batch is not None and rows <= batch


def _cause(feed: Feed) -> int:
    """Arrays with the same beginning have one cause."""
    origin = feed.array.origin
    return id(feed.array) if origin is None else id(list(origin.steps())[-1])
