"""Values in one short line, as tests and bug reports show them."""

from __future__ import annotations

from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.values import (
    Api,
    Array,
    Bound,
    Choice,
    Class,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Items,
    Object,
    Scalar,
    Shape,
    Value,
)
from keras_memlint.analysis.text.bytes import format_bytes


def describe(value: Value) -> str:
    """``value`` in one short line; ``Unknown`` for what nothing is known about."""
    if isinstance(value, Const):
        return repr(value.value)
    if isinstance(value, Scalar):
        return f"{value.kind} {value.known!r}" if value.known.strip("…") else value.kind
    if isinstance(value, Api):
        return value.name
    if isinstance(value, Array):
        return _describe_array(value)
    if isinstance(value, Items):
        if value.items is not None and len(value.items) <= 4:
            return f"{value.kind}[{', '.join(describe(item) for item in value.items)}]"
        return f"{value.kind}[{describe(any_item(value))} × {_axis(value.length)}]"
    if isinstance(value, Dataset):
        count = f" × {value.cardinality}" if value.cardinality is not None else ""
        return f"Dataset({value.op}, {describe(value.element)}{count})"
    if isinstance(value, Model):
        output = value.output.shape if value.output is not None else None
        return f"Model({value.kind}, {_shape(output)}, {_axis(value.parameters)} parameters)"
    if isinstance(value, Layer):
        return f"Layer({value.name})"
    if isinstance(value, KerasTensor):
        return f"KerasTensor({_shape(value.shape)})"
    if isinstance(value, Object):
        return f"Object({value.api})"
    if isinstance(value, Function):
        return f"Function({value.name})"
    if isinstance(value, Choice):
        return f"Choice({', '.join(one.name for one in value.functions)})"
    if isinstance(value, Bound):
        return f"{describe(value.receiver)}.{value.name}"
    if isinstance(value, (Class, Instance)):
        cls = value if isinstance(value, Class) else value.cls
        return f"{type(value).__name__}({cls.node.name})"
    if isinstance(value, Dict):
        return f"Dict({', '.join(f'{k!r}: {describe(v)}' for k, v in list(value.entries.items())[:4])})"
    return "Unknown"


def _describe_array(array: Array) -> str:
    parts = [array.dtype or "?", _shape(array.shape)]
    if array.source:
        parts.append(array.source)
    if array.bytes is not None:
        parts.append(format_bytes(array.bytes))
    name = "Array" if array.kind == "ndarray" else array.kind.capitalize()
    return f"{name}({', '.join(parts)})"


def _shape(shape: Shape | None) -> str:
    return (
        "?"
        if shape is None
        else f"({', '.join(_axis(axis) for axis in shape)}{',' if len(shape) == 1 else ''})"
    )


def _axis(axis: int | None) -> str:
    return "?" if axis is None else str(axis)
