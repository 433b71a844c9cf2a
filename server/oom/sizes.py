"""Bytes, shapes and types as logs write them."""

from __future__ import annotations

import re
from math import prod

from keras_memlint.analysis.abstract.dtypes import itemsize

SIZE = r"\d[\d,]*(?:\.\d*)? ?(?:[KMGTPkmg](?:i?[Bb]|i)?|bytes|B)\b"
"""A regular expression for a size: ``2.00GiB``, ``159.69M``, ``1234567 bytes``. Without its unit it may have been cut."""

_PARTS = re.compile(r"(\d+(?:\.\d*)?) ?([KMGTP]?)(?:i?B|i|bytes)?", re.IGNORECASE)
_POWERS = " KMGTP"
_MOST_DIGITS = 20
_MOST_BITS = 80

# As TensorFlow and XLA call them; NumPy's and PyTorch's names are their own.
_TYPES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "f16": "float16",
    "f32": "float32",
    "f64": "float64",
    "bf16": "bfloat16",
    "pred": "bool",
    "s8": "int8",
    "s16": "int16",
    "s32": "int32",
    "s64": "int64",
    "u8": "uint8",
    "u16": "uint16",
    "u32": "uint32",
    "u64": "uint64",
    "c64": "complex64",
    "c128": "complex128",
}


def size(text: str) -> int | None:
    """``2.00GiB`` in bytes; None for what is no size. A log means 1024 by K, whether it writes an ``i`` or not."""
    found = _PARTS.fullmatch(text.replace(",", "").strip())
    if found is None or len(found[1]) > _MOST_DIGITS:
        return None
    return round(float(found[1]) * (1 << 10 * _POWERS.index(found[2].upper() or " ")))


def shape(text: str) -> tuple[int, ...] | None:
    """The numbers in ``256,224,224,64`` or ``(60000, 512)``; None when one of them is too long to be an axis."""
    numbers = re.findall(r"\d+", text)
    return None if any(len(number) > _MOST_DIGITS for number in numbers) else tuple(map(int, numbers))


def dtype(text: str) -> str:
    """The name that NumPy has for a type."""
    return _TYPES.get(text, text)


def bytes_of(shape: tuple[int, ...] | None, dtype: str | None) -> int | None:
    """Bytes of an array; None when its shape or its dtype is not known."""
    one = itemsize(dtype) if dtype is not None else None
    total = None if shape is None or one is None else prod(shape) * one
    return total if total is not None and total < 1 << _MOST_BITS else None
