"""What shuffle buffers and caches of a pipeline hold, and where in its chain elements were still small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import Array, Const, Dataset, Scalar, Value
from keras_memlint.analysis.facts.images import READERS
from keras_memlint.analysis.interpret.elements import (
    element_bytes,
    has_pixels,
    is_cheap,
    is_serialized,
    is_text,
    part_bytes,
    parts,
    widest,
)

# Operations that hand on the very tensors they are given.
_HANDS_ON = frozenset(
    [
        *("assert_cardinality", "distribute", "filter", "prefetch", "repeat"),
        *("shard", "shuffle", "skip", "take", "with_options"),
    ]
)
# Operations a shuffle may be moved over: they pick no elements by their place, and remember none.
_PASSABLE = frozenset(["filter", "map", "prefetch", "repeat", "with_options"])
# TensorFlow shares the memory of an array with those of its slices that start at a multiple of so many bytes.
_ALIGNMENT = 64
# What a generator reads images with, among them TensorFlow's own operations, which it calls one by one.
_IMAGE_READERS = (
    *READERS,
    *("tf.io.decode_image", "tf.io.decode_jpeg", "tf.io.decode_png", "tf.io.decode_bmp"),
)
# Calls inside a mapped function that give the same results every time.
_PURE = (
    "tf.cast",
    "tf.image.",
    "tf.math.",
    "tf.Tensor.",
    "tf.reshape",
    "tf.one_hot",
    "tf.expand_dims",
    "tf.squeeze",
    "def ",
)


@dataclass(frozen=True, slots=True)
class Buffer:
    """The buffer of a ``shuffle`` call. ``size`` is its argument, None when only known to be as long as the data set.

    ``elements`` is how many it holds at most, ``whole`` that these are all there are. ``bytes`` and ``least`` are
    what they take in memory: ``bytes`` None when a part's size is unknown, ``least`` counts the parts that are known.
    """

    call: Call
    data: Dataset
    size: int | None
    elements: int | None
    whole: bool
    bytes: int | None
    least: int | None


def shuffle_buffer(call: Call, data: Dataset) -> Buffer | None:
    """The buffer of ``data.shuffle(…)``; None when its size is not known."""
    given = call.arg("buffer_size")
    size: int | None = None
    if isinstance(given, Const) and isinstance(given.value, int):
        size = given.value
    elif not (isinstance(given, Scalar) and given.counts):
        return None
    total = None if data.infinite else data.cardinality
    whole = size is None or (total is not None and size >= total)
    elements = total if size is None else size if total is None else min(size, total)
    one, least = own_bytes(data)
    return Buffer(
        call,
        data,
        size,
        elements,
        whole,
        one * elements if one is not None and elements is not None else None,
        least * elements if least is not None and elements is not None else None,
    )


def own_bytes(data: Dataset) -> tuple[int | None, int | None]:
    """Bytes a buffer behind ``data`` takes for one element, and for its parts whose size is known.

    None when unknown. Parts of a cache in memory and slices of an array take none: the buffer refers to them.
    """
    cached = {
        id(part)
        for op in data.chain()
        if in_memory(op)
        for part in parts(op.element)
        if isinstance(part, Array)
    }
    slices = sliced(data)
    found: list[int | None] = []
    for part in parts(data.element):
        size = part_bytes(part)
        shared = id(part) in cached or (part in slices and (size or 1) % _ALIGNMENT == 0)
        found.append(0 if shared else size)
    known = [size for size in found if size is not None]
    return sum(known) if len(known) == len(found) else None, sum(known) if known else None


def sliced(data: Dataset) -> list[Value]:
    """The parts of an element of ``data`` that are slices of an array given to ``from_tensor_slices``."""
    *_, source = data.chain()
    if source.op != "from_tensor_slices":
        return []
    given = {id(part) for part in parts(source.element)}
    return [part for part in parts(data.element) if isinstance(part, Array) and id(part) in given]


def cached_bytes(data: Dataset) -> tuple[int | None, int | None]:
    """Bytes of all elements of ``data``, and of the parts whose size is known; None when unknown."""
    (one, least), count = own_bytes(data), data.cardinality
    return (
        one * count if one is not None and count is not None else None,
        least * count if least is not None and count is not None else None,
    )


def in_memory(cache: Dataset) -> bool:
    """Whether a ``cache`` operation keeps its elements in memory."""
    if cache.op != "cache" or cache.call is None:
        return False
    name = cache.call.arg("filename")
    return not cache.call.star and (name is None or (isinstance(name, Const) and name.value in ("", None)))


def shuffled_by(shuffles: Iterable[tuple[Call, Dataset]], cache: Dataset) -> list[tuple[Call, bool]]:
    """The calls among ``shuffles`` that mix the elements of ``cache``, and whether they may be moved to it."""
    found: list[tuple[Call, bool]] = []
    for call, shuffle in shuffles:
        at, near = shuffle.input, True
        while at is not None and at is not cache and at.op in _HANDS_ON:
            near = near and at.op in ("prefetch", "with_options")
            at = at.input
        if at is cache:
            found.append((call, near))
    return found


def on_disk(data: Dataset, cache: Dataset) -> Dataset:
    """``data`` as it would be if ``cache``, an operation of its chain, kept its elements in a file."""
    if data is cache:
        return replace(data, op="snapshot")
    return replace(data, input=on_disk(data.input, cache)) if data.input is not None else data


def is_compact(data: Dataset) -> bool:
    """Whether the arrays of ``data`` take one byte a number, as images do when they are decoded."""
    dtype = widest(data.element)
    return dtype is not None and itemsize(dtype) == 1


def compact_stage(data: Dataset) -> Dataset | None:
    """The ``map`` before which elements were as they were decoded, one byte a number; None when there is none.

    Between it and ``data`` are only batching, prefetching and functions that keep the size of an image and give the
    same results every time.
    """
    at: Dataset | None = data
    while at is not None and at.input is not None:
        if at.op == "map":
            if not at.traits.isdisjoint(("random", "python", "resizes", "network")):
                return None
            if is_compact(at.input):
                return at if _grows(at.input, data) else None
        elif at.op not in ("batch", "padded_batch", "prefetch", "with_options"):
            return None
        at = at.input
    return None


def _grows(before: Dataset, after: Dataset) -> bool:
    """Whether samples take more bytes in ``after`` than in ``before``, as far as these are known."""
    small, large = element_bytes(before.element), element_bytes(after.element)
    if small is None or large is None or 0 in (before.batch_size, after.batch_size):
        return True
    return small * (after.batch_size or 1) < large * (before.batch_size or 1)


def is_pure(data: Dataset, stage: Dataset) -> bool:
    """Whether the functions from ``stage`` to ``data`` are made of operations known to give the same every time."""
    for op in data.chain():
        if op.op == "map":
            call = op.call
            if call is None or call.given("deterministic") or not call.inner:
                return False
            if not all(inner.name.startswith(_PURE) for inner in call.inner):
                return False
        if op is stage:
            return True
    return False


def is_cached(data: Dataset) -> bool:
    """Whether the elements of ``data`` are those of a cache in memory, so that a buffer holds references to them."""
    at: Dataset | None = data
    while at is not None and at.op in _HANDS_ON:
        at = at.input
    return at is not None and in_memory(at)


def shows_images(data: Dataset) -> bool:
    """Whether the elements of ``data`` are images, or were a step before and went through image operations alone."""
    if has_pixels(data.element):
        return True
    for op in data.chain():
        if "network" in op.traits or op.op in ("flat_map", "interleave", "unbatch", "window", "zip"):
            return False
        if not op.traits.isdisjoint(("decodes", "resizes")):
            return True
        if op.op == "map" and op.traits.isdisjoint(("casts", "floats", "one_hot", "random")):
            return False  # a function that nobody knows
    return False


def image_read(data: Dataset) -> Call | None:
    """The call that reads an image for each element of ``data``, in the Python generator at its start; None without one."""
    *_, source = data.chain()
    if source.op != "from_generator" or source.call is None:
        return None
    turns = len(source.call.loops)  # what is read before the generator's own loop is read once
    return next(
        (one for one in source.call.inner if one.name in _IMAGE_READERS and len(one.loops) > turns), None
    )


def makes_floats(data: Dataset) -> bool:
    """Whether some function on the way to ``data`` widens pixels."""
    dtype = widest(data.element)
    if dtype is not None:
        return itemsize(dtype) != 1
    return any(not op.traits.isdisjoint(("casts", "floats", "resizes", "one_hot")) for op in data.chain())


def passable(data: Dataset) -> Iterator[Dataset]:
    """The last operations of ``data`` that a shuffle may be moved over, latest first."""
    at: Dataset | None = data
    while at is not None and at.op in _PASSABLE and at.input is not None:
        yield at
        at = at.input


@dataclass(frozen=True, slots=True)
class Expansion:
    """The operation before which elements were still small. ``stage`` says what they were, in words."""

    op: Dataset
    stage: str


def expansion(data: Dataset) -> Expansion | None:
    """Where a chain's elements grow from names, numbers, records, cached elements or slices into what ``data`` gives.

    None when they are still small, or when they were never, or when an operation lies between that a shuffle must
    not be moved over. File names are preferred to records, and the latest place with the same is taken.
    """
    if is_cheap(data.element) or is_cached(data):
        return None
    best: Expansion | None = None
    for op in passable(data):
        if op.op != "map" or op.input is None:
            continue
        stage = _stage(op, op.input) or (SLICES if _are_smaller(op.input, data) else "")
        if stage == _RECORDS and "raw" in op.traits and any("crops" in one.traits for one in data.chain()):
            continue  # records that are not compressed hold what is cut off later
        if stage and (best is None or (best.stage == _RECORDS and stage == _NAMES)):
            best = Expansion(op, stage)
    return best


def zipped_expansion(data: Dataset) -> Expansion | None:
    """Where elements grow from file names in the first of the pipelines that `zip` put together for ``data``.

    None when they do not, and when more lies between than what hands them on.
    """
    at: Dataset | None = data
    while at is not None and (at.op in _HANDS_ON or at.op == "map"):
        at = at.input
    if at is None or at.op != "zip" or at.input is None:
        return None
    grows = expansion(at.input)
    return grows if grows is not None and grows.stage == _NAMES else None


_NAMES, _RECORDS, _CACHED = "file names", "serialized records", "references to cached elements"
_TEXT, _NUMBERS = "strings", "numbers"
SLICES = "the samples of the array"
# So many times the bytes make it worth while to shuffle before them.
_GROWTH = 4


def _are_smaller(before: Dataset, after: Dataset) -> bool:
    """Whether a buffer of ``before``, slices of an array, is known to take far less than one of ``after``."""
    slices = sliced(before)
    if not slices or any(isinstance(part, Array) and part not in slices for part in parts(before.element)):
        return False
    small, large = own_bytes(before)[0], own_bytes(after)[0]
    return small is not None and large is not None and large >= small * _GROWTH and large > 0


def _stage(op: Dataset, before: Dataset) -> str:
    """What the elements are that ``op`` maps: words for something small, else ``""``."""
    if is_cached(before):
        return _CACHED
    if is_cheap(before.element):
        found = list(parts(before.element))
        if any(is_text(part) for part in found):
            return _NAMES if "reads" in op.traits else _TEXT
        return _RECORDS if any(is_serialized(part) for part in found) else _NUMBERS
    if "reads" in op.traits:
        return _NAMES
    return _RECORDS if "parses" in op.traits or "decodes" in op.traits else ""
