"""What holds where paths meet: two values joined to one."""

from __future__ import annotations

from keras_memlint.analysis.abstract.networks import KerasTensor, Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Choice,
    Const,
    Dataset,
    Dict,
    Function,
    Items,
    Scalar,
    Shape,
    UnknownValue,
    Value,
)

# Models whose layers are not told.
_UNTOLD = ("loaded", "unknown")
_CHOICE = 12  # functions of a dict that may all be meant by an unknown key
_ALSO = 4  # pipelines of other branches that are remembered


def join(a: Value, b: Value) -> Value:
    """What holds after two branches: facts both agree on; a known value wins over an unknown one.

    The analysis asks what *can* happen on some path: what one branch makes known stays known.
    """
    if a is b:
        return a
    if isinstance(a, UnknownValue):
        return b
    if isinstance(b, UnknownValue):
        return a
    if isinstance(a, Const) and a.value is None:
        return b
    if isinstance(b, Const) and b.value is None:
        return a
    if isinstance(a, Const) and isinstance(b, Const):
        if type(a.value) is type(b.value):
            return a if a.value == b.value else Scalar(type(a.value).__name__, origin=a.origin)
        return UNKNOWN
    if isinstance(a, (Const, Scalar)) and isinstance(b, (Const, Scalar)):
        kinds = {x.kind if isinstance(x, Scalar) else type(x.value).__name__ for x in (a, b)}
        return Scalar(kinds.pop()) if len(kinds) == 1 else UNKNOWN
    if isinstance(a, Array) and isinstance(b, Array):
        return _join_arrays(a, b)
    if isinstance(a, Items) and isinstance(b, Items):
        return _join_items(a, b)
    if isinstance(a, Dataset) and isinstance(b, Dataset):
        return _join_datasets(a, b)
    if isinstance(a, KerasTensor) and isinstance(b, KerasTensor):
        # A loop that builds layers runs an unknown number of times: what both sides agree on is known.
        return KerasTensor(_join_shapes(a.shape, b.shape), None, (), None, a.node)
    if isinstance(a, Model) and isinstance(b, Model) and b.kind in _UNTOLD and a.kind not in _UNTOLD:
        return a  # loaded where a file is there, else built
    if type(a) is type(b):
        return b
    return UNKNOWN


def choose(a: Value, b: Value) -> Value:
    """What holds after two branches of which one is taken: a model that only one of them gives is chosen.

    It stays so wherever else it is used. Two models of the same size, trained alike, are one.
    """
    found = join(a, b)
    if isinstance(found, Model) and a is not b:
        other = b if found is a else a
        if isinstance(other, Model):
            untold = other.kind in _UNTOLD and found.kind not in _UNTOLD
            found.chosen = found.chosen or not (untold or _are_alike(found, other))
        else:
            found.chosen = found.chosen or not (isinstance(other, Const) and other.value is None)
    return found


def _are_alike(a: Model, b: Model) -> bool:
    """Whether they are known to have as many weights, and as many that are trained."""
    if a.parameters is None or a.parameters != b.parameters or b.is_chosen:
        return False
    frozen = [(one.frozen, one.frozen_parameters, one.is_perhaps_frozen) for one in (a, b)]
    return frozen[0] == frozen[1]


def _join_datasets(a: Dataset, b: Dataset) -> Dataset:
    """The longer one, which remembers the other unless it goes on from there."""
    longer, shorter = (a, b) if sum(1 for _ in a.chain()) > sum(1 for _ in b.chain()) else (b, a)
    for one in (shorter, *shorter.also):
        if one not in (*longer.chain(), *longer.also) and len(longer.also) < _ALSO:
            longer.also = (*longer.also, one)
    return longer


def _join_shapes(a: Shape | None, b: Shape | None) -> Shape | None:
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def _join_arrays(a: Array, b: Array) -> Array:
    shape = _join_shapes(a.shape, b.shape)
    if a.source == b.source:
        source = a.source
    else:
        source = "" if "toy" in (a.source, b.source) else a.source or b.source
    return Array(
        a.kind if a.kind == b.kind else "ndarray",
        a.dtype if a.dtype == b.dtype else None,
        shape=shape,
        source=source,
        size=a.size if a.size == b.size else None,
        part=a.part or b.part,
        pixels=a.pixels and b.pixels,
        labels=a.labels and b.labels,
        origin=a.origin or b.origin,
    )


def _join_items(a: Items, b: Items) -> Items:
    if a.items is not None and b.items is not None and len(a.items) == len(b.items):
        items = tuple(join(x, y) for x, y in zip(a.items, b.items, strict=True))
        return Items(a.kind, items, length=len(items), grown=a.grown + b.grown, origin=a.origin)
    length = a.length if a.length == b.length else None
    return Items(
        a.kind, None, join(any_item(a), any_item(b)), length, a.grown + b.grown, origin=a.origin or b.origin
    )


def any_item(items: Items) -> Value:
    """A value that stands for any element of ``items``."""
    if items.items:
        found = items.items[0]
        for item in items.items[1:8]:
            found = join(found, item)
        return found
    return items.element


def any_entry(known: Dict) -> Value:
    """A value that stands for what ``known`` has under a key that nobody knows."""
    if isinstance(known.element, UnknownValue) and 1 < len(known.entries) <= _CHOICE:
        functions = [one for one in known.entries.values() if isinstance(one, Function)]
        if len(functions) == len(known.entries):
            return Choice(tuple({id(one.node): one for one in functions}.values()))
    return known.element
