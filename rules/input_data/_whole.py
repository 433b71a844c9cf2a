"""What the rules on arrays given whole agree on: which of them reports an array, and when it counts as large."""

from __future__ import annotations

from collections.abc import Iterable

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import count
from keras_memlint.analysis.abstract.values import Array, Origin
from keras_memlint.analysis.arrays.feeds import NOT_COPIED, Feed
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Place

LOADERS = ("numpy.load", "numpy.loadtxt", "numpy.genfromtxt")
_TABLES = ("pandas.read_csv", "pandas.read_json", "pandas.read_table", "pandas.read_fwf")
_MAPPED = ("memmap", "hdf5")
# Rows and numbers a row of MNIST and its kin, and of CIFAR, by numbers a row.
_TOYS = {784: (10_000, 60_000, 70_000), 1_024: (10_000, 50_000, 60_000), 3_072: (10_000, 50_000, 60_000)}
# One sample of at least this many numbers (128 x 128 pixels): a few thousand of them reach any threshold.
SAMPLE = 16_384


def reporter(script: Script, feed: Feed) -> str | None:
    """The rule whose cause this feed is, if it is large: one array, one finding. None when it is nobody's."""
    array = feed.array
    toy = is_toy(array)
    if (toy and not array.bulky) or array.labels or array.kind == "sparse" or feed.piecewise:
        return None
    if toy and feed.fit is not None:
        return "KM103" if feed.method != "search" else None
    if toy:
        return "KM201"
    maker = script.maker(array)
    if array.source == "list":
        return "KM101"
    if array.kind in _MAPPED or is_mapped(maker):
        return "KM105"
    if whole_read(array) is not None:
        return "KM106"
    if is_windowed(script, array):
        return "KM110"
    if is_dense_text(array):
        return "KM109"
    if feed.fit is None:
        return "KM201"
    if maker is not None and maker.name in LOADERS and not pickles(maker):
        return "KM104"
    return "KM903" if feed.method == "search" else "KM103"


def whole_read(array: Array) -> Origin | None:
    """The step that read all of an HDF5 data set; None for what came from elsewhere."""
    after: Origin | None = None
    for step in array.origin.steps() if array.origin is not None else ():
        if step.did(steps.IN_HDF5):
            read = after is not None and after.did(steps.READ_WHOLE, steps.JOINED)
            return after if read else None
        after = step
    return None


def is_dense_text(array: Array) -> bool:
    """Whether it holds a column for each word of a vocabulary, nearly all of them zeros."""
    return _did(array, steps.DENSE, steps.WORDS)


def is_windowed(script: Script, array: Array) -> bool:
    """Whether it came from one array of overlapping windows."""
    joins = {id(one.call.node) for one in script.windows}
    origin = array.origin if joins else None
    return origin is not None and any(id(step.node) in joins for step in origin.steps())


def is_toy(array: Array) -> bool:
    """Whether it is a small built-in data set, or a copy: it has as many rows, and as many numbers in each."""
    if array.source == "toy" or not array.shape:
        return array.source == "toy"
    rows, numbers = array.shape[0], count(array.shape)
    return rows is not None and numbers is not None and rows in _TOYS.get(numbers, ())


def is_mapped(maker: Call | None) -> bool:
    """Whether the call opened a file as a memory-mapped array."""
    return maker is not None and isinstance(maker.result, Array) and maker.result.kind == "memmap"


def pickles(load: Call) -> bool:
    """Whether ``np.load`` may read Python objects, which cannot be memory-mapped."""
    known = isinstance(load.result, Array) and load.result.dtype is not None
    return load.name == "numpy.load" and not known and load.const("allow_pickle", False) is not False


def file_bytes(script: Script, maker: Call | None) -> int | None:
    """Bytes of the text or archive that ``maker`` reads; None for other calls and where the file is not there."""
    if maker is None or maker.name not in (*_TABLES, *LOADERS):
        return None
    path = maker.const(maker.params[0]) if maker.params else None
    return script.project.path_size(path) if isinstance(path, str) else None


def in_words(script: Script, feed: Feed) -> str | None:
    """What is known about a large array, in words; None when it is small or nothing is known."""
    array = feed.array
    what = "tensor" if array.kind == "tensor" else "array"
    if array.bytes is not None:
        if not script.large(array.bytes):
            return None
        return "a whole tensor" if what == "tensor" else f"a whole array of {format_bytes(array.bytes)}"
    if array.least is not None and script.large(array.least):
        return f"a whole {what} of at least {format_bytes(array.least)}"
    sample = array.least_item
    batch = feed.fit.batch_size if feed.fit is not None and feed.method == "fit" and not array.part else None
    if sample is not None and batch is not None and script.large(sample * batch):
        return f"a whole {what}, of which one batch takes {format_bytes(sample * batch)}"
    text = file_bytes(script, script.maker(array))
    if text is not None and script.large(text):
        return f"a table read whole from {format_bytes(text)} of text"
    return None


def _given_together(script: Script, feed: Feed) -> list[Feed]:
    """``feed`` and what its call copies with it: inputs and targets alike, but what other rules report."""
    mine = (None, reporter(script, feed))
    return [
        one
        for one in script.feeds
        if one.call is feed.call and one.array.kind not in NOT_COPIED and reporter(script, one) in mine
    ]


def copied_in_words(script: Script, feed: Feed) -> tuple[str | None, int | None]:
    """What ``feed``'s call copies, or is given as a tensor, in words and in bytes; no words for what is not large."""
    words = in_words(script, feed)
    if feed.array.kind == "tensor":
        return words and f"is given {words}", feed.array.bytes
    feeds = _given_together(script, feed)
    sizes = [one.array.bytes or 0 for one in feeds]
    if words and sum(sizes) * 4 >= max(sizes) * 5 > 0:
        words = f"whole arrays of {format_bytes(sum(sizes))}"
    size = script.copied_bytes(*feeds, validated=feed.validated)
    if words and (size or 0) * 8 > (script.copied_bytes(*feeds) or 0) * 9:
        words += " and the validation data" if script.copying == "shares" else " and of the validation data"
    copies = "copies" if script.copying == "shares" else "makes two copies of"
    if (
        script.copying == "casts"
        and feed.fit is not None
        and {one.array.dtype for one in feeds} == {"float64"}
    ):
        copies = "makes three `float32` copies of"
    return words and f"{copies} {words}", size


def is_selection(array: Array) -> bool:
    """Whether it is a slice, or the rows that indices pick: how many these are is another question."""
    return array.part or _did(array, steps.PICKED_BY_INDEX)


def _did(array: Array, *kinds: str) -> bool:
    return array.origin is not None and any(step.did(*kinds) for step in array.origin.steps())


def trains_on_large_samples(feeds: Iterable[Feed]) -> bool:
    """Whether a model whose samples are as big as images is trained on one of ``feeds``."""
    for feed in feeds:
        model = feed.fit.model if feed.fit is not None else None
        if feed.method == "fit" and feed.role == "x" and model is not None:
            sample = count(model.input)
            if sample is not None and sample >= SAMPLE:
                return True
    return False


def places(script: Script, feeds: Iterable[Feed]) -> list[tuple[str, Place]]:
    """The calls that get the array, as related places, at most three."""
    calls = {id(feed.call.node): feed for feed in feeds}
    return [
        (f"given whole to `{feed.method}` here", script.call_place(feed.call))
        for feed in list(calls.values())[:3]
    ]
