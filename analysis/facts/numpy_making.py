"""NumPy: arrays made of nothing but a shape, a count or a random generator."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Items,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import dtype_of, shape_of
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table

_DOCS = "NumPy reference, routines"
_R = "numpy.random."
# What makes an array for a loop to fill.
ALLOCATIONS = ("numpy.zeros", "numpy.ones", "numpy.empty", "numpy.full", "numpy.ndarray")


def _filled(default: str) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        return Array(
            "ndarray",
            dtype_of(call.arg("dtype"), default),
            shape=shape_of(call.arg("shape")),
            source="made",
            origin=Origin(call.node, "allocated here"),
        )

    return gives


def _like(call: Call, _run: Machine) -> Value:
    given = call.first()
    if not isinstance(given, Array):
        return UNKNOWN
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), given.dtype),
        shape=given.shape,
        source="made",
        origin=Origin(call.node, "allocated here"),
    )


def _random(dtype: str, *, by_args: bool = False, size: str = "size") -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        shape = shape_of(Items("tuple", call.args)) if by_args else shape_of(call.arg(size))
        if shape is None and not by_args and call.arg(size) is None:
            return Scalar("float" if dtype == "float64" else "int")
        made = dtype_of(call.arg("dtype"), dtype)
        return Array("ndarray", made, shape=shape, source="made", origin=Origin(call.node, "made here"))

    return gives


def _arange(call: Call, _run: Machine) -> Value:
    bounds = [const(arg) for arg in call.args[:3]]
    count = None
    named = {"start", "stop", "step"} & call.kwargs.keys()
    if bounds and not named and all(isinstance(b, int) for b in bounds) and 0 not in bounds[2:]:
        count = len(range(*bounds))
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "int64"),
        shape=(count,),
        source="made",
        labels=True,
        origin=Origin(call.node, "made here"),
    )


def _eye(call: Call, _run: Machine) -> Value:
    rows = call.const("N")
    rows = rows if isinstance(rows, int) else None
    return Array(
        "ndarray",
        dtype_of(call.arg("dtype"), "float64"),
        shape=(rows, rows),
        source="made",
        origin=Origin(call.node, "made here"),
    )


def _from_text(call: Call, _run: Machine) -> Value:
    dtype = dtype_of(call.arg("dtype"), "float64")
    return Array("ndarray", dtype, shape=(None,), origin=Origin(call.node, "parsed here"))


def _permutation(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Array):
        return given.derived(call.node, "copied in another order", kind="ndarray", size=None, part=False)
    count = const(given)
    return Array(
        "ndarray", "int64", shape=(count if isinstance(count, int) else None,), source="made", labels=True
    )


NUMPY_MAKING = table(
    fact("numpy.arange", "", _arange, probe="numpy.arange(5)"),
    fact("numpy.empty", "shape dtype", _filled("float64"), probe="numpy.empty((2, 3))"),
    fact("numpy.empty_like", "prototype dtype", _like, see=_DOCS),
    fact("numpy.eye", "N M k dtype", _eye, probe="numpy.eye(4)"),
    fact("numpy.fromstring", "string dtype count", _from_text, probe="numpy.fromstring('1 2', 'f', sep=' ')"),
    fact("numpy.full", "shape fill_value dtype", _filled("float64"), see=_DOCS),
    fact("numpy.linspace", "start stop num", _random("float64", size="num"), probe="numpy.linspace(0, 1, 7)"),
    fact("numpy.ones", "shape dtype", _filled("float64"), probe="numpy.ones((2, 3))"),
    fact("numpy.ones_like", "a dtype", _like, see=_DOCS),
    fact(_R + "choice", "a size", _random("int64"), see=_DOCS),
    fact(_R + "normal", "loc scale size", _random("float64"), probe="numpy.random.normal(0, 1, (2, 3))"),
    fact(_R + "permutation", "x", _permutation, probe="numpy.random.permutation(5)"),
    fact(_R + "rand", "", _random("float64", by_args=True), probe="numpy.random.rand(2, 3)"),
    fact(
        _R + "randint",
        "low high size dtype",
        _random("int64"),
        probe="numpy.random.randint(0, 9, (2, 3), dtype='uint8')",
    ),
    fact(_R + "randn", "", _random("float64", by_args=True), probe="numpy.random.randn(2, 3)"),
    fact(_R + "random", "size", _random("float64"), probe="numpy.random.random((2, 3))"),
    fact(_R + "random_sample", "size", _random("float64"), see=_DOCS),
    fact(_R + "standard_normal", "size", _random("float64"), see=_DOCS),
    fact(_R + "uniform", "low high size", _random("float64"), probe="numpy.random.uniform(0, 1, (2, 3))"),
    fact("numpy.zeros", "shape dtype", _filled("float64"), probe="numpy.zeros((2, 3))"),
    fact("numpy.zeros_like", "a dtype", _like, see=_DOCS),
)
