"""Arrays handed over whole: to ``fit``, a tuner's ``search``, ``evaluate`` and ``predict``, and to a dataset made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import count
from keras_memlint.analysis.abstract.values import Array, Dict, Items, UnknownValue, Value

if TYPE_CHECKING:
    from keras_memlint.analysis.training.fits import Fit

# What Keras on TensorFlow does with arrays. ``casts``: Keras 3 makes float32 of float64 first, and holds that, too.
# ``widens``: Keras 2 makes a float64 tensor first, which it forgets. ``shares``: so do all before TensorFlow 2.13, where
# a tensor may be the array's own memory, so that one copy is less.
Copying = Literal["casts", "widens", "shares"]
NOT_COPIED = ("sparse", "tensor")
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

    @property
    def held_out(self) -> float:
        """The share of the data that ``fit`` validates on: its ``validation_split``, 0 where none is known or used."""
        if self.validated:
            return 0.0
        found = self.call.const("validation_split", 0.0) if self.fit is not None else 0.0
        return float(found) if isinstance(found, float) and 0 < found < 1 else 0.0

    @property
    def validated(self) -> list[Array]:
        """The arrays that ``fit`` is given whole as ``validation_data``, and copies."""
        given = self.call.arg("validation_data") if self.fit is not None else None
        found = arrays(given) if given is not None else ()
        return [array for array in found if array.kind not in NOT_COPIED]


def feeds_of(fits: Iterable[Fit], calls: Iterable[Call]) -> list[Feed]:
    """All feeds, in order of evaluation."""
    found: list[Feed] = []
    for fit in fits:
        if fit.method in ("fit", "search", "evaluate", "predict") and not _raises(fit):
            for role, given in (("x", fit.x), ("y", fit.y)):
                found += [Feed(fit.call, role, a, fit, a is given) for a in arrays(given)]
    for call in calls:
        if call.name in _DATASETS:
            tensors = call.arg("tensors")
            if tensors is not None:
                found += [Feed(call, "data", a, None, a is tensors) for a in arrays(tensors)]
    return sorted(found, key=lambda feed: feed.call.order)


def _raises(fit: Fit) -> bool:
    """Whether the call cannot run as it was read: with other numbers of rows and labels, or samples the model does not take."""
    if not isinstance(fit.x, Array):
        return False
    if isinstance(fit.y, Array) and _differ(fit.x.length, fit.y.length):
        return True
    taken, given = fit.model.input if fit.model is not None else None, fit.x.shape
    return len(taken or ()) != len(given or ()) and _differ(count(taken), count(given))


def _differ(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one != other


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


def copied_by_fit(
    given: Iterable[Array], how: Copying = "casts", held_out: float = 0.0, validated: Iterable[Array] = ()
) -> int | None:
    """Bytes of the copies ``fit`` makes of arrays on TensorFlow; None when the size of none is known.

    Each array is copied twice, into a tensor and into a dataset; float64 becomes float32. One copy of what it trains on
    stays while what it validates on is copied: the arrays ``validated``, or the share ``held_out``. See
    benchmarks/evidence, KM103.
    """
    once, extra, each = _copies(given, how)
    _, _, later = _copies(validated, how)
    if later or not held_out:
        return max(each, once + later) or None
    whole = extra if how == "casts" else 0
    rest, parts = 1 - held_out, each - whole
    return whole + round(max(rest * parts, rest * once + held_out * parts)) or None


def _copies(given: Iterable[Array], how: Copying) -> tuple[int, int, int]:
    """Bytes of one copy of the arrays, of float64 that is there beside the copies, and of all that at its peak."""
    narrow = wide = largest = 0
    for array in given:
        size = array.bytes or 0
        if array.dtype == "float64":
            wide, largest = wide + size // 2, max(largest, size)
        else:
            narrow += size
    once = narrow + wide
    if how == "shares":
        return once, 0, 2 * once - narrow
    extra = wide if how == "casts" else largest
    return once, extra, 2 * once + extra
