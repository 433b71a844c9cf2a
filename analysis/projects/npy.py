"""What the header of a ``.npy`` file says about its array, read without NumPy and without the data."""

from __future__ import annotations

import ast
from pathlib import Path

from keras_memlint.analysis.abstract.dtypes import canonical

_MAGIC = b"\x93NUMPY"
_LIMIT = 10_000  # bytes; NumPy itself refuses longer headers


def read_header(path: Path) -> tuple[str, tuple[int, ...]] | None:
    """Dtype and shape of the array in ``path``; None when it is no such file, or its dtype has no plain name."""
    try:
        with path.open("rb") as file:
            start = file.read(_LIMIT)
    except OSError:
        return None
    if start[:6] != _MAGIC or len(start) < 12:
        return None
    width = 2 if start[6] == 1 else 4
    end = 8 + width + int.from_bytes(start[8 : 8 + width], "little")
    try:
        header = ast.literal_eval(start[8 + width : end].decode("utf-8").strip())
        dtype, shape = header["descr"], header["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError):
        return None
    if not isinstance(dtype, str) or not isinstance(shape, tuple):
        return None
    name = canonical(dtype)
    if name is None or not all(isinstance(axis, int) and axis >= 0 for axis in shape):
        return None
    return name, shape
