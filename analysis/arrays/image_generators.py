"""What Keras's ``ImageDataGenerator`` copies: ``fit`` and ``flow`` of whole arrays, measured with TensorFlow 2.21."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import NOT_SMALL, Array, Items, Object, Value, const

STATISTICS = ("featurewise_center", "featurewise_std_normalization", "zca_whitening")


class Copy(NamedTuple):
    """A call that copies ``array`` whole, as ``dtype``: ``bytes`` is what it adds at its peak, ``one`` a single copy."""

    call: Call
    array: Array
    dtype: str
    bytes: int
    one: int


def copy_of(call: Call) -> Copy | None:
    """What ``call`` copies; None when it is not known, a part of the data at a time, or nothing."""
    maker = _maker(call)
    array = _given(call.arg("x"))
    if maker is None or array is None or array.source == "list" or array.kind == "sparse":
        return None
    if call.streamed or call.mapped or (array.part and call.loops):
        return None
    dtype, values = _dtype(maker), _values(array)
    width = itemsize(dtype) if dtype is not None else None
    if dtype is None or width is None or values is None:
        return None
    one = values * width
    if array.source == "toy" and one < NOT_SMALL:
        return None
    converts = array.kind == "hdf5" or (array.dtype is not None and itemsize(array.dtype) != width)
    if call.name.endswith(".flow"):
        return Copy(call, array, dtype, one, one) if converts and call.arg("subset") is None else None
    deviates = any(maker.const(name) is True for name in ("featurewise_std_normalization", "zca_whitening"))
    copies = 2 if converts or deviates else 1
    rounds = call.const("rounds", 1)
    if call.const("augment", False) is True and isinstance(rounds, int):
        copies = max(copies, rounds * (2 if deviates else 1), 1 + rounds)
    return Copy(call, array, dtype, one * copies, one)


def whitening_bytes(call: Call) -> int | None:
    """Bytes of the whitening matrix; None when whitening is off or the size of an image is not known."""
    array = call.arg("x")
    maker = _maker(call)
    if maker is None or maker.const("zca_whitening") is not True or not isinstance(array, Array):
        return None
    dtype = _dtype(maker)
    width = itemsize(dtype) if dtype is not None else None
    if width is None or array.shape is None or len(array.shape) != 4 or None in array.shape[1:]:
        return None
    return width * prod(axis or 0 for axis in array.shape[1:]) ** 2


def is_useless(call: Call) -> bool:
    """Whether no option of the generator needs what ``fit`` computes."""
    maker = _maker(call)
    return maker is not None and not any(
        maker.given(name) and maker.const(name, True) is not False for name in STATISTICS
    )


def _given(value: Value | None) -> Array | None:
    """The array of images: the argument itself, or the first of several inputs."""
    if isinstance(value, Items) and value.items:
        value = value.items[0]
    return value if isinstance(value, Array) else None


def _maker(call: Call) -> Call | None:
    """The call that made the generator."""
    return call.receiver.call if isinstance(call.receiver, Object) else None


def _dtype(maker: Call) -> str | None:
    """What the generator computes with; None when that is not known."""
    if not maker.given("dtype"):
        return "float32"
    name = const(maker.arg("dtype"))
    return name if isinstance(name, str) else None


def _values(array: Array) -> int | None:
    if array.shape is not None and None not in array.shape:
        return prod(axis or 0 for axis in array.shape)
    size = itemsize(array.dtype) if array.dtype is not None else None
    return array.bytes // size if array.bytes is not None and size else None
