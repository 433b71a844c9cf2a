"""Arrays without their contents: nested structures of shapes, whatever framework the arrays are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable


@dataclass(frozen=True)
class Shape:
    """An array's shape and the name of its type; None for a dimension that is not known."""

    shape: tuple[int | None, ...]
    dtype: str
    weak: bool = False

    @property
    def bytes(self) -> int | None:
        """Its size; None when a dimension is not known."""
        total = width(self.dtype)
        for size in self.shape:
            if size is None:
                return None
            total *= size
        return total


def width(dtype: str) -> int:
    """Bytes of one element."""
    known = {
        "bool": 1,
        "bfloat16": 2,
        "half": 2,
        "string": 16,
        "str": 16,
        "object": 8,
        "variant": 8,
        "resource": 8,
    }
    if dtype in known:
        return known[dtype]
    digits = "".join(letter for letter in dtype.split("_")[0] if letter.isdigit())
    if dtype.startswith("float8"):
        return 1
    return max(1, int(digits) // 8) if digits else 4


def of(array: Any) -> Shape | None:
    """The shape of one array of any framework; None for anything else."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    if shape is None or dtype is None or isinstance(array, type):
        return None
    try:
        sizes = tuple(None if size is None else int(size) for size in shape)
    except (TypeError, ValueError):  # The rank is not known, or shape is a method.
        return None
    name = getattr(dtype, "name", None) or str(dtype)
    return Shape(sizes, str(name).replace("torch.", ""), bool(getattr(array, "weak_type", False)))


def map_structure(call: Callable[[Any], Any], value: Any) -> Any:
    """``call`` on every leaf of nested tuples, lists and dicts; the kinds of the containers are kept."""
    if isinstance(value, dict):
        return {key: map_structure(call, item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_structure(call, item) for item in value))
    if isinstance(value, (list, tuple)):
        items = [map_structure(call, item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return call(value)


def leaves(value: Any) -> list[Any]:
    """The leaves of a structure in order; None is none."""
    found: list[Any] = []

    def keep(leaf: Any) -> None:
        if leaf is not None:
            found.append(leaf)

    map_structure(keep, value)
    return found


def leading(value: Any) -> int | None:
    """The first dimension of the first array in a structure: the batch size."""
    for leaf in leaves(value):
        shape = leaf if isinstance(leaf, Shape) else of(leaf)
        if shape is not None and shape.shape:
            return shape.shape[0]
    return None


def resized(value: Any, batch: int | None, wanted: int | None) -> Any:
    """The structure with ``wanted`` for the leading dimensions that are ``batch`` or unknown."""
    if wanted is None:
        return value

    def resize(leaf: Any) -> Any:
        if isinstance(leaf, Shape) and leaf.shape and leaf.shape[0] in (batch, None):
            return Shape((wanted, *leaf.shape[1:]), leaf.dtype, leaf.weak)
        return leaf

    return map_structure(resize, value)


def total(value: Any) -> int:
    """Bytes of all the arrays in a structure whose size is known."""
    return sum(leaf.bytes or 0 for leaf in leaves(value) if isinstance(leaf, Shape))


def named(value: Any, path: str = "") -> list[tuple[str, Shape]]:
    """The shapes in a structure with a name each, from where they stand; a batch's parts are x, y and sample_weight."""
    if isinstance(value, Shape):
        return [(path or "x", value)]
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        parts = (
            ("x", "y", "sample_weight") if not path and isinstance(value, tuple) and len(value) <= 3 else ()
        )
        items = [(parts[number] if parts else number, item) for number, item in enumerate(value)]
    else:
        return []
    return [entry for key, item in items for entry in named(item, f"{path}/{key}" if path else str(key))]
