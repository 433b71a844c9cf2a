"""What one element of a pipeline is: its bytes, and whether it is still a name, a number or a serialized record."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import Array, Const, Dict, Items, Scalar, Shape, Value

# tf.data makes 8-byte integers and 4-byte floats of Python's numbers.
_SCALARS = {"int": 8, "float": 4, "bool": 1}


def parts(element: Value) -> Iterator[Value]:
    """The leaves of an element's structure: of ``((a, b), {"c": c})`` they are a, b and c."""
    if isinstance(element, Items) and element.kind == "tuple" and element.items is not None:
        for item in element.items:
            yield from parts(item)
    elif isinstance(element, Dict) and element.entries:
        for item in element.entries.values():
            yield from parts(item)
    else:
        yield element


def part_bytes(value: Value) -> int | None:
    """Bytes of one leaf; None when unknown, as for strings."""
    if isinstance(value, Array):
        return value.bytes
    if isinstance(value, Scalar):
        return _SCALARS.get(value.kind)
    if isinstance(value, Const):
        return _SCALARS.get(type(value.value).__name__)
    return None


def element_bytes(element: Value) -> int | None:
    """Bytes of one element, None when a part's size is unknown."""
    total = 0
    for part in parts(element):
        size = part_bytes(part)
        if size is None:
            return None
        total += size
    return total


def is_cheap(element: Value) -> bool:
    """Whether every part is a path, a text, a number or a serialized record."""
    return all(
        isinstance(part, (Scalar, Const)) or is_text(part) or is_serialized(part) or is_number(part)
        for part in parts(element)
    )


def is_text(value: Value) -> bool:
    """Whether ``value`` is a name or another text: a string of Python's, or one of a NumPy array of strings."""
    if isinstance(value, Array):
        return value.dtype == "str" and value.shape == ()
    return isinstance(value, Scalar) and value.kind in ("path", "str")


def is_serialized(value: Value) -> bool:
    """Whether ``value`` is a string tensor: the bytes of a file or of a record."""
    return isinstance(value, Array) and value.dtype == "string"


def is_number(value: Value) -> bool:
    """Whether ``value`` is a tensor with a single number."""
    return isinstance(value, Array) and value.shape == () and value.dtype is not None


def has_pixels(element: Value) -> bool:
    """Whether a part is a decoded image."""
    return any(isinstance(part, Array) and part.pixels and part.dtype != "string" for part in parts(element))


def most_numbers(shape: Shape) -> int | None:
    """How many numbers an image of ``shape`` holds at most: four channels where that axis alone is not known, else None."""
    if shape.count(None) > (len(shape) == 3):
        return None
    return prod(4 if axis is None else axis for axis in shape)


def most_image_bytes(element: Value) -> int | None:
    """Bytes that the images of ``element`` take at most; None when a size or dtype is unknown, or when it has none."""
    total = 0
    for part in parts(element):
        if isinstance(part, Array) and part.pixels and part.dtype != "string":
            numbers = most_numbers(part.shape) if part.shape is not None else None
            width = itemsize(part.dtype) if part.dtype is not None else None
            if numbers is None or width is None:
                return None
            total += numbers * width
    return total or None


def widest(element: Value) -> str | None:
    """The dtype of the widest numbers in the images of ``element``, or in all its arrays when it has no images.

    None without arrays, or when a dtype is unknown.
    """
    found: str | None = None
    images = has_pixels(element)
    for part in parts(element):
        if isinstance(part, (Scalar, Const)) or (images and not (isinstance(part, Array) and part.pixels)):
            continue
        dtype = part.dtype if isinstance(part, Array) else None
        size = itemsize(dtype) if dtype is not None else None
        if size is None:
            return None
        if found is None or size > (itemsize(found) or 0):
            found = dtype
    return found
