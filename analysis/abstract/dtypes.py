"""Item sizes of NumPy and TensorFlow dtypes, and the dtype of the result of an operator in NumPy 2."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

PYTHON_BOOL: Final = "python bool"
PYTHON_INT: Final = "python int"
PYTHON_FLOAT: Final = "python float"
PYTHON_COMPLEX: Final = "python complex"

_BYTES: dict[str, int] = {
    "bool": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "uint16": 2,
    "uint32": 4,
    "uint64": 8,
    "float16": 2,
    "float32": 4,
    "float64": 8,
    "complex64": 8,
    "complex128": 16,
    "bfloat16": 2,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "datetime64": 8,
    "timedelta64": 8,
}

_SPELLINGS: dict[str, str] = {
    "?": "bool",
    "b1": "bool",
    "bool_": "bool",
    "bool8": "bool",
    "boolean": "bool",
    "b": "int8",
    "byte": "int8",
    "i1": "int8",
    "h": "int16",
    "short": "int16",
    "i2": "int16",
    "i": "int32",
    "intc": "int32",
    "i4": "int32",
    "q": "int64",
    "int": "int64",
    "int_": "int64",
    "intp": "int64",
    "long": "int64",
    "longlong": "int64",
    "i8": "int64",
    "B": "uint8",
    "ubyte": "uint8",
    "u1": "uint8",
    "H": "uint16",
    "ushort": "uint16",
    "u2": "uint16",
    "I": "uint32",
    "uintc": "uint32",
    "u4": "uint32",
    "Q": "uint64",
    "uint": "uint64",
    "uintp": "uint64",
    "ulong": "uint64",
    "ulonglong": "uint64",
    "u8": "uint64",
    "e": "float16",
    "half": "float16",
    "f2": "float16",
    "f": "float32",
    "single": "float32",
    "f4": "float32",
    "d": "float64",
    "double": "float64",
    "float": "float64",
    "float_": "float64",
    "f8": "float64",
    "F": "complex64",
    "csingle": "complex64",
    "singlecomplex": "complex64",
    "c8": "complex64",
    "D": "complex128",
    "cdouble": "complex128",
    "cfloat": "complex128",
    "complex": "complex128",
    "complex_": "complex128",
    "c16": "complex128",
    "float8_e4m3": "float8_e4m3fn",
}

_SIGNED = ("int8", "int16", "int32", "int64")
_UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
_FLOATS = ("float16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")
_KINDS = (("bool",), _UNSIGNED, _SIGNED, _FLOATS, _COMPLEX)
_RANKS: dict[str, int] = {name: rank for rank, names in enumerate(_KINDS) for name in names}

_WEAK: dict[str, tuple[int, str]] = {
    PYTHON_INT: (2, "int64"),
    PYTHON_FLOAT: (3, "float64"),
    PYTHON_COMPLEX: (4, "complex128"),
}

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_BITWISE = frozenset(("&", "|", "^", "<<", ">>"))
# Operators that count: NumPy has no boolean version of them.
_COUNTING = frozenset(("//", "%", "**", "<<", ">>"))
_OPERATORS = _COMPARISONS | _BITWISE | _COUNTING | {"+", "-", "*", "/", "@"}


@lru_cache(1_000)
def canonical(dtype: str) -> str | None:
    """The full name of a dtype in any of its spellings (``f4``, ``<f4``, ``single``); else None."""
    name = dtype.removeprefix("numpy.").removeprefix("np.").lstrip("<>=|")
    name = _SPELLINGS.get(name, name)
    if name.startswith(("datetime64[", "M8")):
        return "datetime64"
    if name.startswith(("timedelta64[", "m8")):
        return "timedelta64"
    return name if name in _BYTES else None


@lru_cache(1_000)
def itemsize(dtype: str) -> int | None:
    """Bytes per element; None for text, objects and names that are not known."""
    name = canonical(dtype)
    return None if name is None else _BYTES[name]


def promote(op: str, a: str, b: str) -> str | None:
    """The dtype of ``a op b`` in NumPy 2, for arrays by dtype name and Python numbers by the PYTHON_ names.

    None when NumPy refuses the operation, or when one of the three is not known.
    """
    if op not in _OPERATORS or (op == "@" and (a in _WEAK or b in _WEAK or PYTHON_BOOL in (a, b))):
        return None
    common = _common(a, b)
    if common is None:
        return None
    rank = _RANKS[common]
    if op in _COMPARISONS:
        return "bool"
    if op == "/":
        return common if rank > 2 else "float64"
    if op in _BITWISE and rank > 2:
        return None
    if op in ("//", "%") and rank > 3:
        return None
    if common == "bool":
        return None if op == "-" else "int8" if op in _COUNTING else "bool"
    return common


def _common(a: str, b: str) -> str | None:
    if a in _WEAK and b in _WEAK:
        return max(_WEAK[a], _WEAK[b])[1]
    if a in _WEAK or b in _WEAK:
        return _with_number(b, a) if a in _WEAK else _with_number(a, b)
    left, right = _array(a), _array(b)
    if left is None or right is None:
        return None
    return _both(*sorted((left, right), key=_RANKS.__getitem__))


def _array(name: str) -> str | None:
    name = "bool" if name == PYTHON_BOOL else canonical(name) or ""
    return name if name in _RANKS else None


def _with_number(array: str, number: str) -> str | None:
    """A Python number adapts to the array unless it is of a wider kind."""
    name = _array(array)
    if name is None:
        return None
    rank, alone = _WEAK[number]
    if _RANKS[name] >= rank or (number == PYTHON_INT and name in _UNSIGNED):
        return name
    if number == PYTHON_COMPLEX and name in _FLOATS:
        return "complex128" if name == "float64" else "complex64"
    return alone


def _both(low: str, high: str) -> str:
    """``low`` is of the same or a narrower kind than ``high``."""
    if low == "bool":
        return high
    if _RANKS[low] == _RANKS[high]:
        return max(low, high, key=_BYTES.__getitem__)
    if high in _SIGNED:
        bits = max(16 * _BYTES[low], 8 * _BYTES[high])
        return "float64" if bits > 64 else f"int{bits}"
    # Floats and complex numbers hold integers of half their width exactly; 64-bit integers go to float64.
    needed = min(2 * _BYTES[low], 8) if low in _SIGNED + _UNSIGNED else _BYTES[low]
    if high in _FLOATS:
        return f"float{8 * max(needed, _BYTES[high])}"
    return "complex128" if needed > 4 else high
