"""Operators, indexing and slicing on abstract values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeGuard

from keras_memlint.analysis.abstract import dtypes, steps
from keras_memlint.analysis.abstract.joining import any_entry, any_item, join
from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Bound,
    Const,
    Dict,
    Instance,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    UnknownValue,
    Value,
    const,
    known_text,
)
from keras_memlint.analysis.syntax import tree

_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LIMIT = 1 << 64


def binary(op: str, left: Value, right: Value, node: tree.Expr, *, in_place: bool = False) -> Value:
    """The value of ``left op right``."""
    if isinstance(left, Const) and isinstance(right, Const):
        return _fold(op, left.value, right.value)
    if op == "+" and _are_arrays(left) and _may_be_list(right):
        return Items("list", None, any_item(left), origin=left.origin)  # `[target] + states`
    if isinstance(left, Array) or isinstance(right, Array):
        return _array(op, left, right, node, in_place)
    if op == "|" and isinstance(left, Dict) and isinstance(right, Dict):
        return left.but(right.entries)
    if isinstance(left, Items) and isinstance(right, Items) and op == "+":
        if left.items is not None and right.items is not None:
            items = left.items + right.items
            return Items(left.kind, items, length=len(items), origin=left.origin)
        length = left.length + right.length if left.length is not None and right.length is not None else None
        return Items(left.kind, None, join(any_item(left), any_item(right)), length, origin=left.origin)
    if isinstance(left, Items) and op == "*" and isinstance(right, Const) and isinstance(right.value, int):
        if left.items is not None and len(left.items) * right.value <= 4096:
            items = left.items * right.value
            return Items(left.kind, items, length=len(items))
        return Items(
            left.kind, None, any_item(left), left.length * max(right.value, 0) if left.length else None
        )
    if isinstance(left, KerasTensor) or isinstance(right, KerasTensor):
        tensors = tuple([side for side in (left, right) if isinstance(side, KerasTensor)])
        shapes = [side.shape for side in tensors]
        return KerasTensor(broadcast(shapes[0], shapes[-1]) or shapes[0], None, tensors, 0, node)
    return _scalars(op, left, right)


def _are_arrays(value: Value) -> TypeGuard[Items]:
    """Whether ``value`` is a list of arrays."""
    if not isinstance(value, Items) or value.kind != "list" or not value.items:
        return False
    return all(isinstance(item, Array) for item in value.items)


def _may_be_list(value: Value) -> bool:
    """Whether ``value`` may be what a network with several outputs predicts."""
    return isinstance(value, UnknownValue) or (isinstance(value, Array) and value.source == "network")


def _fold(op: str, a: Any, b: Any) -> Value:
    fold = _FOLD.get(op)
    if fold is None or not isinstance(a, (int, float, str)) or not isinstance(b, (int, float, str, tuple)):
        return UNKNOWN
    if isinstance(a, str) or isinstance(b, str):
        if op == "+" and isinstance(a, str) and isinstance(b, str):
            return Const(a + b)
        if op == "/" and isinstance(a, str) and isinstance(b, str):
            return Const(f"{a.rstrip('/')}/{b}")  # strings do not divide: these are paths
        return Scalar("str", known=str(a) if op == "%" else "") if op in "%*+" else UNKNOWN
    if isinstance(b, tuple) or (op == "**" and (abs(b) > 64 or abs(a) > 1 << 20)):
        return UNKNOWN
    try:
        value = fold(a, b)
    except (ArithmeticError, TypeError, ValueError):
        return UNKNOWN
    return Const(value) if isinstance(value, (int, float)) and -_LIMIT < value < _LIMIT else UNKNOWN


def compared(op: str, a: Any, b: Any) -> bool | None:
    """The outcome of comparing two literals; None when they are of different kinds or the operator is another."""
    compare = _COMPARE.get(op)
    numbers = isinstance(a, (int, float)) and isinstance(b, (int, float))
    if compare is None or not (numbers or (isinstance(a, str) and isinstance(b, str))):
        return None
    return bool(compare(a, b))


def _scalars(op: str, left: Value, right: Value) -> Value:
    kinds = {_kind(left), _kind(right)}
    if "path" in kinds and op in "+/":
        return Scalar("path", known=_put_together(op, left, right))
    if "str" in kinds and op in "+%*":
        return Scalar("str", known=_put_together(op, left, right))
    if kinds <= {"int", "float", "bool"} and kinds:
        words = op in "+-" and any(isinstance(side, Scalar) and side.words for side in (left, right))
        base, shift = _shifted(op, left, right) if kinds == {"int"} else (None, 0)
        kind = "float" if "float" in kinds or op == "/" else "int"
        counts = op == "-" and isinstance(left, Scalar) and left.counts and isinstance(right, Scalar)
        return Scalar(
            kind, counts=counts, words=words, base=base, shift=shift, replicas=_replicas(op, left, right)
        )
    if isinstance(left, Object) and left.api == "pathlib.Path":
        return Scalar("path", known=_put_together(op, left, right))
    return UNKNOWN


def _replicas(op: str, left: Value, right: Value) -> int:
    """How often ``left op right`` was multiplied by the number of replicas; 0 for what is no product of it."""
    a, b = (side.replicas if isinstance(side, Scalar) else 0 for side in (left, right))
    return a + b if op == "*" else a - b if op in ("/", "//") else 0


def _put_together(op: str, left: Value, right: Value) -> str:
    """What is known of ``left + right``, ``left / right`` or ``left % right``."""
    if op == "*":
        return ""
    if op == "%":
        return known_text(left)
    return f"{known_text(left)}{'/' if op == '/' else ''}{known_text(right)}"


def _shifted(op: str, left: Value, right: Value) -> tuple[Scalar | None, int]:
    """The number that ``left op right`` is known to be so far away from, and how far; None and 0 for others."""
    if op == "+" and isinstance(left, Const):
        left, right = right, left
    if op not in ("+", "-") or not isinstance(left, Scalar) or not isinstance(right, Const):
        return None, 0
    return left.base or left, left.shift + (right.value if op == "+" else -right.value)


def _kind(value: Value) -> str:
    if isinstance(value, Scalar):
        return value.kind
    if isinstance(value, Const):
        return type(value.value).__name__
    return "?"


def _array(op: str, left: Value, right: Value, node: tree.Expr, in_place: bool) -> Value:
    array = left if isinstance(left, Array) else right
    other = right if array is left else left
    assert isinstance(array, Array)
    dtype = array.dtype if in_place else promote(op, left, right)
    shape = array.shape
    if isinstance(other, Array):
        shape = broadcast(array.shape, other.shape)
        if array.shape is not None and (other.shape == () or (in_place and array.kind == "ndarray")):
            shape = array.shape
    elif isinstance(other, UnknownValue) and op == "@":
        shape = None
    if isinstance(left, UnknownValue) and array.kind == "ndarray":  # the other one may be the larger
        return Array("ndarray", dtype, origin=Origin(node, "computed here"))
    note = f"widened to {dtype}" if dtype == "float64" and array.dtype not in (None, "float64") else ""
    kind = array.kind if array.kind in ("tensor", "frame", "series", "sparse") else "ndarray"
    same = dtype is not None and dtype == array.dtype and shape == array.shape
    size = array.size if same else None
    if size is None and array.size is not None and dtype is not None and array.dtype is not None:
        from_bytes, to_bytes = dtypes.itemsize(array.dtype), dtypes.itemsize(dtype)
        if from_bytes and to_bytes and not isinstance(other, Array):
            size = array.size // from_bytes * to_bytes
    return array.derived(node, note or "computed here", kind=kind, dtype=dtype, shape=shape, size=size)


def promote(op: str, left: Value, right: Value) -> str | None:
    """NumPy 2's result dtype of an operator on arrays and Python numbers; None when unknown. Tensors keep theirs."""
    for side in (left, right):
        if isinstance(side, Array) and side.kind == "tensor":
            return side.dtype
    a, b = _dtype(left), _dtype(right)
    return dtypes.promote(op, a, b) if a is not None and b is not None else None


def _dtype(value: Value) -> str | None:
    if isinstance(value, Array):
        return value.dtype
    kind = _kind(value)
    return {"bool": dtypes.PYTHON_BOOL, "int": dtypes.PYTHON_INT, "float": dtypes.PYTHON_FLOAT}.get(kind)


def broadcast(a: Shape | None, b: Shape | None) -> Shape | None:
    """The shape of an element-wise operation, None when it is not known."""
    if a is None or b is None:
        return None
    if len(a) < len(b):
        a, b = b, a
    padded = (1,) * (len(a) - len(b)) + b
    return tuple(x if y == 1 or x == y else y if x == 1 else None for x, y in zip(a, padded, strict=True))


def unary(op: str, value: Value) -> Value:
    """The value of ``op value``."""
    if isinstance(value, Const) and isinstance(value.value, (int, float)):
        if op == "-":
            return Const(-value.value)
        if op == "not":
            return Const(not value.value)
    if isinstance(value, Array):
        return value
    return Scalar("bool") if op == "not" else UNKNOWN


def subscript(owner: Value, keys: tuple[Value, ...], node: tree.Subscript) -> Value:
    """The value of ``owner[keys]``."""
    if isinstance(owner, Items):
        return _item(owner, keys, node)
    if isinstance(owner, Dict):
        key = const(keys[0]) if keys else None
        if key is None:
            return any_entry(owner)
        try:
            return owner.entries.get(key, owner.element)
        except TypeError:
            return owner.element
    if isinstance(owner, Array):
        return _index(owner, keys, node)
    if isinstance(owner, KerasTensor):
        return KerasTensor(None, None, (owner,), 0, node)
    if isinstance(owner, Object):
        return _object_item(owner, keys, node)
    if isinstance(owner, Instance):
        return owner.drawn(node)
    if isinstance(owner, (Scalar, Const)) and _kind(owner) in ("str", "path"):
        return Scalar("str")
    if isinstance(owner, Bound) and isinstance(owner.receiver, Array) and owner.name in ("iloc", "loc"):
        return _index(owner.receiver, keys[:1], node)
    return UNKNOWN


def _item(owner: Items, keys: tuple[Value, ...], node: tree.Subscript) -> Value:
    key = keys[0] if keys else UNKNOWN
    at = const(key)
    if isinstance(at, int) and owner.items is not None and -len(owner.items) <= at < len(owner.items):
        return owner.items[at]
    if isinstance(key, Items) and key.kind == "slice":
        bounds = const(key)
        if (
            owner.items is not None
            and bounds is not None
            and all(b is None or isinstance(b, int) for b in bounds)
        ):
            items = owner.items[slice(*bounds)] if bounds[2] != 0 else ()
            return Items(owner.kind, items, length=len(items), origin=owner.origin)
        length = _slice_length(owner.length, key)
        origin = owner.origin
        if length is None and _starts_and_stops(key):
            origin = Origin(node, steps.SOME, owner.origin)
        return Items(owner.kind, None, any_item(owner), length, list(owner.grown), origin=origin)
    return any_item(owner)


def _starts_and_stops(key: Items) -> bool:
    """Whether a slice leaves out elements at both ends, as batches do, and not the first or the last part."""
    start, stop, _ = key.items or (UNKNOWN, UNKNOWN, UNKNOWN)
    return not (isinstance(start, Const) and not start.value) and not isinstance(stop, Const)


def _slice_length(length: int | None, key: Items) -> int | None:
    assert key.items is not None
    start, stop, step = (const(part) for part in key.items)
    first, last, _ = key.items
    if isinstance(first, Scalar) and isinstance(last, Scalar) and step in (None, 1):
        distance = first.until(last)
        if distance is not None:
            return max(distance, 0) if length is None else min(max(distance, 0), length)
    known = [
        isinstance(part, Const) and (part.value is None or isinstance(part.value, int)) for part in key.items
    ]
    if not all(known) or step not in (None, 1):
        return None
    if length is None:
        return (
            max(stop - (start or 0), 0) if isinstance(stop, int) and stop >= 0 and (start or 0) >= 0 else None
        )
    return len(range(*slice(start, stop, step).indices(length)))


def _index(array: Array, keys: tuple[Value, ...], node: tree.Subscript) -> Value:
    if array.kind == "frame":
        column = const(keys[0]) if keys else None
        if isinstance(column, str) or isinstance(keys[0], (Scalar, UnknownValue)):
            return Array(
                "series",
                shape=array.shape[:1] if array.shape else None,
                source=array.source,
                part=array.part,
                labels=True,
                origin=Origin(node, "a column", array.origin),
            )
        return Array("frame", source=array.source, origin=Origin(node, "columns", array.origin))
    if array.kind == "ndarray" and array.shape is None and len(keys) == 1 and isinstance(const(keys[0]), str):
        return Array(  # what `np.load` opened was an archive
            "ndarray",
            source=array.source,
            part=array.part,
            origin=Origin(node, "loaded whole from the archive", array.origin),
        )
    if array.kind == "hdf5" and len(keys) == 1 and isinstance(const(keys[0]), str):
        return array.derived(node, "a data set of the HDF5 file")  # what it was taken from is a group
    if len(keys) == 1 and _is_everything(keys[0]):
        kind, note = ("ndarray", "read whole") if array.kind == "hdf5" else (array.kind, "sliced")
        return array.derived(node, note, kind=kind)
    shape: list[int | None] | None = []
    rest = list(array.shape) if array.shape is not None else None
    part = array.part
    copies = masked = mirrored = False
    for at, key in enumerate(keys):
        if _is_new_axis(key):
            shape = [*shape, 1] if shape is not None else None
            continue
        if _is_ellipsis(node, at) and rest is not None and shape is not None:
            left = sum(not _is_new_axis(other) for other in keys[at + 1 :])
            whole_axes = max(len(rest) - left, 0)
            shape, rest = [*shape, *rest[:whole_axes]], rest[whole_axes:]
            continue
        if isinstance(key, UnknownValue) or (isinstance(key, Const) and key.value is ...):
            shape = None
            part = True
            continue
        axis = rest.pop(0) if rest else None
        if isinstance(key, Items) and key.kind == "slice":
            mirrored = mirrored or _is_backwards(key)
            full = _is_backwards(key) or all(
                isinstance(p, Const) and p.value is None for p in key.items or ()
            )
            length = axis if full else _slice_length(axis, key)
            part = part or not full
            shape = [*shape, length] if shape is not None and rest is not None else None
        elif isinstance(key, (Array, Items)):
            copies = True
            masked = isinstance(key, Array) and key.dtype == "bool"
            if isinstance(key, Items):
                picked = key.length
            else:
                picked = key.length if not masked else None
            shape = [*shape, picked] if shape is not None and rest is not None else None
        else:
            part = True
            shape = shape if rest is not None else None
    final: Shape | None = (*shape, *rest) if shape is not None and rest is not None else None
    whole = not part and not copies
    kind = "ndarray" if copies or array.kind == "hdf5" else array.kind
    if copies:
        note = "picked by a mask: a copy" if masked else "picked by index: a copy"
    else:
        note = "read whole" if array.kind == "hdf5" and whole else "mirrored" if mirrored else "sliced"
    return array.derived(node, note, kind=kind, shape=final, size=array.size if whole else None, part=part)


def _is_everything(key: Value) -> bool:
    """Whether ``key`` is ``...`` or ``()``."""
    return const(key) in (..., ()) and (not isinstance(key, Items) or key.kind == "tuple")


def _is_backwards(key: Items) -> bool:
    """Whether a slice is ``[::-1]``."""
    start, stop, step = key.items or (UNKNOWN, UNKNOWN, UNKNOWN)
    ends = (start, stop)
    return const(step) == -1 and all(isinstance(end, Const) and end.value is None for end in ends)


def _is_ellipsis(node: tree.Subscript, at: int) -> bool:
    """Whether a key is written ``...``."""
    item = node.items[at] if at < len(node.items) else None
    return isinstance(item, tree.Constant) and item.value is ...


def _is_new_axis(key: Value) -> bool:
    """Whether ``key`` is None, or a library's name for it."""
    if isinstance(key, Api):
        return key.name.rpartition(".")[2] == "newaxis"
    return isinstance(key, Const) and key.value is None


def _object_item(owner: Object, keys: tuple[Value, ...], node: tree.Subscript) -> Value:
    if owner.api == "h5py.File":
        return Array("hdf5", source="disk", origin=Origin(node, "a data set of the HDF5 file", owner.origin))
    if owner.api == "numpy.NpzFile":
        source = const(owner.state.get("\0source")) or "disk"
        return Array(
            "ndarray", source=source, origin=Origin(node, "loaded whole from the archive", owner.origin)
        )
    key = const(keys[0]) if keys else None
    return owner.state.get(key, UNKNOWN) if isinstance(key, str) else UNKNOWN
