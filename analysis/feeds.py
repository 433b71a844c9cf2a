"""Arrays handed over whole: to ``fit``, a tuner's ``search``, ``evaluate`` and ``predict``, and to a dataset made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.values import Array, Dict, Items, UnknownValue, Value

if TYPE_CHECKING:
    from keras_memlint.analysis.fits import Fit

_DATASETS = ("tf.data.Dataset.from_tensor_slices", "tf.data.Dataset.from_tensors")


@dataclass(frozen=True, slots=True)
class Feed:
    """One array that ``call`` is given whole. ``role``: ``x``, ``y``, or ``data`` for a dataset.

    ``fit`` is None for a dataset. ``alone``: the array is the whole argument, not one of several in a tuple or dict.
    """

    call: Call
    role: str
    array: Array
    fit: Fit | None
    alone: bool

    @property
    def method(self) -> str:
        """The short name of what is called: ``fit``, ``from_tensor_slices``."""
        return self.call.name.rpartition(".")[2]

    @property
    def piecewise(self) -> bool:
        """Whether the call is repeated with another part of the data each time."""
        return self.array.part and bool(self.call.loops)


def feeds_of(fits: Iterable[Fit], calls: Iterable[Call]) -> list[Feed]:
    """All feeds, in order of evaluation."""
    found: list[Feed] = []
    for fit in fits:
        if fit.method in ("fit", "search", "evaluate", "predict") and not _contradicts_itself(fit):
            for role, given in (("x", fit.x), ("y", fit.y)):
                found += [Feed(fit.call, role, a, fit, a is given) for a in arrays(given)]
    for call in calls:
        if call.name in _DATASETS:
            tensors = call.arg("tensors")
            if tensors is not None:
                found += [Feed(call, "data", a, None, a is tensors) for a in arrays(tensors)]
    return sorted(found, key=lambda feed: feed.call.order)


def _contradicts_itself(fit: Fit) -> bool:
    """Whether the rows and the labels are known to be different in number: Keras raises, or something is not as it looks."""
    if not isinstance(fit.x, Array) or not isinstance(fit.y, Array):
        return False
    return None not in (fit.x.length, fit.y.length) and fit.x.length != fit.y.length


def arrays(value: Value) -> Iterator[Array]:
    """The arrays in ``value``: itself, or those of a tuple, list or dict of them."""
    if isinstance(value, Array):
        yield value
    elif isinstance(value, Items) and value.kind in ("tuple", "list"):
        for item in value.items or ():
            yield from arrays(item)
    elif isinstance(value, Dict):
        for item in value.entries.values():
            yield from arrays(item)
        if not isinstance(value.element, UnknownValue):
            yield from arrays(value.element)


def copied_bytes(array: Array, *, keeps_float64: bool = False) -> int | None:
    """Bytes of the copies TensorFlow makes of an array it is given whole; None when its size is unknown.

    As much again twice; of float64 one and a half times, for Keras 3 casts it before the second copy. Keras 2
    ``keeps_float64`` and casts each batch. See benchmarks/evidence, KM103.
    """
    if array.bytes is None:
        return None
    return array.bytes * 3 // 2 if array.dtype == "float64" and not keeps_float64 else array.bytes * 2
