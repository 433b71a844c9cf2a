"""Arrays of training data whose integers take eight bytes each, and those whose numbers are Python objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import Array, Const, Items, Scalar
from keras_memlint.analysis.facts.arguments import is_object

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.arrays.feeds import Feed
    from keras_memlint.analysis.script import Script

_RANDOM = ("numpy.random.randint",)
_CASTS = ("numpy.ndarray.astype", "numpy.array", "numpy.asarray")
_ALLOCATIONS = ("numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full")
_PADDED = ("keras.utils.pad_sequences",)
# What int32 holds.
_MOST = 2**31
# Lists in lists in lists are seen through.
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class WideIntegers:
    """The call that makes ``array``, of ``int64``. ``how``: ``random``, ``cast``, ``allocated`` or ``padded``.

    ``before`` is what a cast widens. ``feed`` is where Keras or a dataset gets it.
    """

    call: Call
    how: str
    array: Array
    before: Array | None
    feed: Feed


def wide_integers(script: Script) -> Iterator[WideIntegers]:
    """Arrays of ``int64`` that are given to Keras whole and hold nothing that ``int32`` does not, in order."""
    fed: dict[int, Feed] = {}
    for feed in script.feeds:
        for step in feed.array.origin.steps() if feed.array.origin is not None else ():
            fed.setdefault(id(step.node), feed)
    for call in script.all_calls if fed else ():
        feed_of = fed.get(id(call.node))
        array = call.result
        if feed_of is None or not isinstance(array, Array) or array.dtype != "int64" or array.source == "toy":
            continue
        how = None if call.mapped or call.streamed or call.loops else _how(call)
        if how is not None:
            yield WideIntegers(call, how, array, _widened(call) if how == "cast" else None, feed_of)


def _how(call: Call) -> str | None:
    if call.name in _RANDOM:
        high = call.const("high", call.const("low"))
        return "random" if isinstance(high, int) and high <= _MOST else None
    if call.name in _CASTS:
        return "cast" if _widened(call) is not None else None
    if call.name in _ALLOCATIONS:
        return "allocated" if call.given("dtype") else None
    return "padded" if call.name in _PADDED else None


def _widened(call: Call) -> Array | None:
    """The array that the call converts, where its dtype is known and takes fewer bytes."""
    given = call.receiver if call.name.endswith("astype") else call.first()
    if not isinstance(given, Array) or given.dtype is None:
        return None
    size = itemsize(given.dtype)
    return given if size is not None and size < 8 else None


@dataclass(frozen=True, slots=True)
class Objects:
    """An array of Python objects, made by ``call`` and given to Keras as it is at ``feed``."""

    call: Call
    feed: Feed


def objects_fed(script: Script) -> Iterator[Objects]:
    """Arrays that ``fit``, ``evaluate`` and ``predict`` are given, in order. Keras 2 takes those that hold strings."""
    made = {
        id(call.node): call
        for call in script.calls(*_CASTS, *_ALLOCATIONS, *_PADDED)
        if is_object(call.arg("dtype"))
    }
    strict = bool(made) and script.keras_major == 3
    for feed in script.feeds if made else ():
        origin, fit = feed.array.origin, feed.fit
        call = made.get(id(origin.node)) if origin is not None else None
        if call is not None and fit is not None and fit.method != "search":
            if strict or _holds_numbers(call):
                yield Objects(call, feed)


def _holds_numbers(call: Call) -> bool:
    """Whether what the call makes an array of is known to be numbers, or lists or arrays of such."""
    value = call.receiver if call.name.endswith("astype") else call.first()
    if call.name in _ALLOCATIONS or not isinstance(value, (Array, Items)):
        return False  # anything may be stored in it later
    for _ in range(_DEPTH):
        if isinstance(value, Items):
            value = any_item(value)
    if isinstance(value, Array):
        return value.dtype is not None and itemsize(value.dtype) is not None
    if isinstance(value, Scalar):
        return value.kind in ("int", "float")
    return isinstance(value, Const) and type(value.value) in (int, float)
