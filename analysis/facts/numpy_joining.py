"""NumPy: many arrays, or one array many times, copied into one."""

from __future__ import annotations

from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import promote
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Items,
    Object,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import dtype_of, is_object
from keras_memlint.analysis.facts.images import image_array
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "NumPy reference, routines"
_A = "numpy.ndarray."


def as_array(value: Value, call: Call, dtype: str | None, note: str) -> Value:
    """``numpy.array(value)``: a list of arrays becomes one array with an axis more."""
    if isinstance(value, Object) and value.api == "PIL.Image":
        return image_array(value, call, dtype or "uint8", channel_axis=False)
    if isinstance(value, Array):
        whole = value.kind != "hdf5" or not value.part
        size = value.size_as(dtype)
        return value.derived(
            call.node,
            note,
            kind="ndarray",
            dtype=dtype or (value.dtype if value.kind != "frame" else None),
            size=size if whole else None,
        )
    if isinstance(value, Items):
        element = any_item(value)
        if (isinstance(element, Items) and element.kind in ("tuple", "list")) or (
            isinstance(element, Object) and element.api == "PIL.Image"
        ):
            inner = as_array(element, call, dtype, note)
            element = inner if isinstance(inner, Array) else element
        if isinstance(element, Array):
            shape = (value.length, *element.shape) if element.shape is not None else None
            source = "list" if element.source in ("disk", "list") else element.source
            made = (element.origin, value.origin) if element.labels else (value.origin, element.origin)
            return Array(
                "ndarray",
                dtype or element.dtype,
                shape=shape,
                source=source,
                pixels=element.pixels,
                labels=element.labels,
                origin=Origin(call.node, note, made[0] or made[1]),
            )
        found = dtype or _scalar_dtype(element)
        return Array(
            "ndarray",
            found,
            shape=(value.length,),
            source="made" if value.items is not None else "",
            labels=True,
            origin=Origin(call.node, note, value.origin),
        )
    return Array("ndarray", dtype or None, origin=Origin(call.node, note))


def _scalar_dtype(element: Value) -> str | None:
    kind = (
        element.kind
        if isinstance(element, Scalar)
        else type(element.value).__name__
        if isinstance(element, Const)
        else ""
    )
    return {"int": "int64", "float": "float64", "bool": "bool", "str": "str", "path": "str"}.get(kind)


def _array(note: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        dtype = call.arg("dtype")
        made = as_array(call.first(), call, dtype_of(dtype), note)
        return made.but(dtype=None) if isinstance(made, Array) and is_object(dtype) else made

    return gives


def _concatenate(call: Call, _run: Machine) -> Value:
    return _joined(call, call.first(), call.const("axis", 0))


def _append(call: Call, _run: Machine) -> Value:
    """Both arrays joined along ``axis``; without one they are flattened first."""
    if call.star:
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    pair = Items("tuple", tuple([call.arg(name) or UNKNOWN for name in ("arr", "values")]))
    if call.given("axis"):
        return _joined(call, pair, call.const("axis"))
    joined = _joined(call, pair, 0)
    return joined.but(shape=_flat(pair)) if isinstance(joined, Array) else joined


def _flat(pair: Items) -> Shape:
    """The shape of two arrays flattened and joined."""
    sizes = [
        prod(axis or 0 for axis in part.shape)
        if isinstance(part, Array) and part.shape is not None and None not in part.shape
        else None
        for part in pair.items or ()
    ]
    return (sum(size or 0 for size in sizes) if None not in sizes else None,)


def _joined(call: Call, given: Value, axis: object) -> Value:
    if isinstance(given, Array) and given.kind == "ndarray":  # an array of arrays: an axis less
        rest = (None, *given.shape[2:]) if given.shape is not None and len(given.shape) > 1 else None
        return given.derived(
            call.node, "copied into one array", kind="ndarray", shape=rest, size=None, part=False
        )
    if not isinstance(given, Items):
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    if given.items is None:
        element = any_item(given)
        if isinstance(element, Array):
            source = "list" if element.source in ("disk", "list") else element.source
            rest = _in_a_row(element.shape, axis, given.length) if element.shape else None
            return Array(
                "ndarray",
                element.dtype,
                shape=rest,
                source=source,
                pixels=element.pixels,
                labels=element.labels,
                origin=Origin(call.node, "copied into one array", given.origin or element.origin),
            )
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    arrays = [item for item in given.items if isinstance(item, Array)]
    if not arrays:
        return Array("ndarray", origin=Origin(call.node, "copied into one array"))
    shape: Shape | None = None
    first = arrays[0].shape
    if len(arrays) == len(given.items) and all(a.shape for a in arrays) and first and isinstance(axis, int):
        if -len(first) <= axis < len(first) and all(len(a.shape or ()) == len(first) for a in arrays):
            ends = [a.shape[axis] for a in arrays if a.shape]
            joined = list(first)
            joined[axis] = sum(end for end in ends if end is not None) if None not in ends else None
            shape = tuple(joined)
    dtype = arrays[0].dtype
    for array in arrays:
        if array.dtype != dtype:
            dtype = (
                promote("+", dtype, array.dtype) if dtype is not None and array.dtype is not None else None
            )
    alike = all(array.dtype == dtype for array in arrays)
    sizes = [a.bytes for a in arrays] if shape is None and dtype is not None and alike else [None]
    whole = len(arrays) == len(given.items) and None not in sizes
    source = next((a.source for a in arrays if a.source in ("disk", "list", "toy")), arrays[0].source)
    return Array(
        "ndarray",
        dtype,
        shape=shape,
        source=source,
        size=sum(size or 0 for size in sizes) if whole else None,
        pixels=arrays[0].pixels,
        labels=arrays[0].labels,
        origin=Origin(call.node, "copied into one array", arrays[0].origin),
    )


def _in_a_row(shape: Shape, axis: object, count: int | None) -> Shape | None:
    """The shape of ``count`` arrays, all of ``shape``, joined along ``axis``."""
    if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    joined, one = list(shape), shape[axis]
    joined[axis] = one * count if one is not None and count is not None else None
    return tuple(joined)


def _repeat(call: Call, _run: Machine) -> Value:
    given = call.operand()
    if not isinstance(given, Array):
        return UNKNOWN
    times, axis = call.const("repeats"), call.const("axis")
    shape = given.shape
    if (
        shape is not None
        and isinstance(times, int)
        and isinstance(axis, int)
        and -len(shape) <= axis < len(shape)
    ):
        changed = list(shape)
        axes = changed[axis]
        changed[axis] = axes * times if axes is not None else None
        shape = tuple(changed)
    else:
        shape = None
    return given.derived(call.node, "repeated", kind="ndarray", shape=shape, size=None, part=False)


def _stack(call: Call, run: Machine) -> Value:
    """``numpy.stack``: the new axis stands first, or where ``axis`` says."""
    made = _array("copied into one array")(call, run)
    axis = call.const("axis", 0 if call.arg("axis") is None else None)
    if not isinstance(made, Array) or made.shape is None or axis == 0:
        return made
    if not isinstance(axis, int) or not -len(made.shape) <= axis < len(made.shape):
        return made.but(shape=None)
    rest = list(made.shape[1:])
    rest.insert(axis % len(made.shape), made.shape[0])
    return made.but(shape=tuple(rest))


def _tile(call: Call, _run: Machine) -> Value:
    given, times = call.first(), const(call.arg("reps"))
    if not isinstance(given, Array):
        return UNKNOWN
    reps = (times,) if isinstance(times, int) else times
    shape: Shape | None = None
    if given.shape is not None and isinstance(reps, (tuple, list)) and all(isinstance(r, int) for r in reps):
        longest = max(len(given.shape), len(reps))
        axes = (1,) * (longest - len(given.shape)) + given.shape
        factors = (1,) * (longest - len(reps)) + tuple(reps)
        shape = tuple(
            axis * factor if axis is not None else None for axis, factor in zip(axes, factors, strict=True)
        )
    return given.derived(call.node, "repeated", kind="ndarray", shape=shape, size=None, part=False)


NUMPY_JOINING = table(
    fact(
        "numpy.append",
        "arr values axis",
        _append,
        probe="numpy.append(numpy.zeros((2, 3)), numpy.zeros((4, 3)), 0)",
    ),
    fact(
        "numpy.array",
        "object dtype",
        _array("copied into one array"),
        probe="numpy.array([numpy.zeros((2, 3), 'uint8')] * 4)",
    ),
    fact("numpy.asarray", "a dtype", _array("copied into one array"), probe="numpy.asarray([[1.0, 2.0]])"),
    fact("numpy.ascontiguousarray", "a dtype", _array("copied into one array"), see=_DOCS),
    fact(
        "numpy.concatenate",
        "arrays axis",
        _concatenate,
        probe="numpy.concatenate([numpy.zeros((2, 3)), numpy.zeros((2, 4))], -1)",
    ),
    fact("numpy.dstack", "tup", _array("copied into one array"), see=_DOCS),
    fact("numpy.hstack", "tup", _concatenate, see=_DOCS),
    fact(_A + "repeat", "repeats axis", _repeat, see=_DOCS),
    fact("numpy.repeat", "a repeats axis", _repeat, probe="numpy.repeat(numpy.zeros((2, 1)), 3, -1)"),
    fact(
        "numpy.stack",
        "arrays axis",
        _stack,
        probe="numpy.stack([numpy.zeros((2, 3))] * 4, -1)",
    ),
    fact("numpy.tile", "A reps", _tile, probe="numpy.tile(numpy.zeros((2, 1, 3)), (1, 4, 1))"),
    fact("numpy.vstack", "tup", _concatenate, see=_DOCS),
)
