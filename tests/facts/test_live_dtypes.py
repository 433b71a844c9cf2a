"""Item sizes and promotion against real NumPy 2 and TensorFlow: the full grid of dtypes, Python numbers, operators."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from keras_memlint.analysis.abstract.dtypes import (
    PYTHON_BOOL,
    PYTHON_COMPLEX,
    PYTHON_FLOAT,
    PYTHON_INT,
    canonical,
    itemsize,
    promote,
)

ARRAYS = {
    name: np.ones(3, name)
    for name in [
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    ]
}
NUMBERS: dict[str, object] = {PYTHON_BOOL: True, PYTHON_INT: 1, PYTHON_FLOAT: 1.0, PYTHON_COMPLEX: 1j}
OPERATORS: dict[str, Callable[[object, object], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
GRID = [
    (op, a, b)
    for op in OPERATORS
    for a in (*ARRAYS, *NUMBERS)
    for b in (*ARRAYS, *NUMBERS)
    if a in ARRAYS or b in ARRAYS
]


def _numpy_gives(op: str, a: str, b: str) -> str | None:
    values = [ARRAYS.get(name, NUMBERS.get(name)) for name in (a, b)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = OPERATORS[op](*values)
    except (TypeError, ValueError):
        return None
    return str(np.asarray(result).dtype)


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_give_what_numpy_gives(op: str) -> None:
    wrong = {
        (a, op, b): (promote(op, a, b), _numpy_gives(op, a, b))
        for o, a, b in GRID
        if o == op and promote(op, a, b) != _numpy_gives(op, a, b)
    }
    assert wrong == {}


def test_numpy_is_2() -> None:
    assert np.lib.NumpyVersion(np.__version__) >= "2.0.0"


@pytest.mark.parametrize(
    "spelling",
    [
        *ARRAYS,
        *"?bBhHiIqQefdFD",
        *[
            "f2",
            "f4",
            "f8",
            "<f4",
            ">f8",
            "=f4",
            "|u1",
            "i1",
            "i2",
            "i4",
            "i8",
            "u1",
            "u2",
            "u4",
            "u8",
            "c8",
            "c16",
        ],
    ]
    + [
        "half",
        "single",
        "double",
        "float",
        "int",
        "bool",
        "complex",
        "byte",
        "ubyte",
        "short",
        "ushort",
        "intc",
        "uintc",
        "longlong",
        "ulonglong",
    ]
    + [
        "csingle",
        "cdouble",
        "int_",
        "uint",
        "intp",
        "datetime64",
        "datetime64[ns]",
        "timedelta64[D]",
        "M8[ns]",
    ],
)
def test_spellings_are_those_of_numpy(spelling: str) -> None:
    real = np.dtype(spelling)
    assert itemsize(spelling) == real.itemsize
    assert canonical(spelling) == real.name.partition("[")[0]


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_sizes_of_the_short_floats(name: str) -> None:
    assert itemsize(name) == np.dtype(getattr(ml_dtypes, name)).itemsize


@pytest.mark.parametrize("dtype", ["object", "U10", "<U5", "S3", "str", "string", "", "float512", "category"])
def test_what_has_no_fixed_size(dtype: str) -> None:
    assert itemsize(dtype) is None


@pytest.mark.parametrize(
    ("op", "a", "b"),
    [("+", "U10", "uint8"), ("~", "uint8", "uint8"), ("", "", ""), ("@", "float32", PYTHON_INT)],
)
def test_what_is_not_promoted(op: str, a: str, b: str) -> None:
    assert promote(op, a, b) is None
