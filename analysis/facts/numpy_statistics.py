"""NumPy: sums, means and other statistics of an array, over all of it or along some axes; products of a shape."""

from __future__ import annotations

from math import prod

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Items,
    Origin,
    Scalar,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import dtype_of
from keras_memlint.analysis.facts.sizing import positions
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "NumPy reference, statistics"
_A = "numpy.ndarray."
_PICKS = ("max", "min")  # one of the numbers, so that it is of their dtype
_SUMS = ("prod", "sum")
_ROWS = ("max", "mean", "median", "min", "prod", "std", "sum", "var")
_NO_METHODS = ("median",)
_KINDS = ("hdf5", "memmap", "ndarray", "tensor")


def _statistic(name: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        given = call.operand()
        if not isinstance(given, Array):
            return _product(given) if name == "prod" else UNKNOWN
        dtype = dtype_of(call.arg("dtype"), _dtype(name, given))
        shape, rows = _left(call, given) if given.kind in _KINDS else (None, False)
        kind = "tensor" if given.kind == "tensor" else "ndarray"
        if rows and given.source != "network":  # one for each sample: data still
            changes = {"kind": kind, "dtype": dtype, "shape": shape}
            return given.derived(call.node, "computed here", size=None, part=False, **changes)  # type: ignore[arg-type]
        return Array(kind, dtype, shape, "made", origin=Origin(call.node, "computed here"))

    return gives


def _dtype(name: str, given: Array) -> str | None:
    """The dtype of a statistic of ``given``; None when it is not known."""
    if given.dtype is None or name in _PICKS or "float" in given.dtype or given.kind == "tensor":
        return given.dtype
    if name in _SUMS:
        return "uint64" if given.dtype.startswith("uint") else "int64"
    return "float64"


def _left(call: Call, given: Array) -> tuple[Shape | None, bool]:
    """The shape that is left, None when unknown, and whether there is a number or more for each row."""
    axis, keeps = call.arg("axis"), call.const("keepdims", False) is True
    if axis is None or (isinstance(axis, Const) and axis.value is None):
        return ((1,) * len(given.shape) if given.shape is not None else None) if keeps else (), False
    if given.shape is None:
        return None, False
    gone = positions(const(axis), len(given.shape))
    if gone is None:
        return None, False
    left = tuple(1 if at in gone else size for at, size in enumerate(given.shape) if keeps or at not in gone)
    return left, 0 not in gone


def _product(given: Value) -> Value:
    """``np.prod(x.shape[1:])``: a number."""
    numbers = given.items if isinstance(given, Items) else None
    if numbers is not None and all(isinstance(const(one), int) for one in numbers):
        return Const(prod(const(one) for one in numbers))
    return Scalar("int") if isinstance(given, Items) and given.kind == "tuple" else UNKNOWN


NUMPY_STATISTICS = table(
    *(
        fact(
            f"numpy.{name}",
            "a axis",
            _statistic(name),
            probe=f"numpy.{name}(numpy.zeros((4, 3, 2), 'uint8'), (0, 2), keepdims=True)",
        )
        for name in _ROWS
    ),
    *(
        fact(
            f"{_A}{name}",
            "axis",
            _statistic(name),
            probe=f"numpy.zeros((4, 3, 2), 'float32').{name}(axis=-1)",
        )
        for name in _ROWS
        if name not in _NO_METHODS
    ),
    fact("numpy.amax", "a axis", _statistic("max"), probe="numpy.amax(numpy.zeros((4, 3), 'int16'), 1)"),
    fact("numpy.amin", "a axis", _statistic("min"), probe="numpy.amin(numpy.zeros((4, 3), 'int16'), 1)"),
    fact("math.prod", "iterable", lambda c, _r: _product(c.first()), see="Python library reference, math"),
)
