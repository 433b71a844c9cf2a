"""What the arguments of array functions say: a dtype, a shape."""

from __future__ import annotations

from keras_memlint.analysis.abstract.dtypes import canonical
from keras_memlint.analysis.abstract.values import (
    Api,
    Const,
    Items,
    Scalar,
    Shape,
    Value,
    const,
)


def dtype_of(value: Value | None, default: str | None = None) -> str | None:
    """The dtype a ``dtype=`` argument names; ``default`` when there is none, None when it is not known."""
    if value is None or (isinstance(value, Const) and value.value is None):
        return default
    name = value.name.rpartition(".")[2] if isinstance(value, Api) else const(value)
    if not isinstance(name, str):
        return None
    return canonical(name)


def is_object(value: Value | None) -> bool:
    """Whether a ``dtype=`` argument asks for Python objects."""
    if isinstance(value, Api):
        return value.name in ("builtins.object", "numpy.object", "numpy.object_")
    return const(value) in ("object", "O")


def shape_of(value: Value | None) -> Shape | None:
    """The shape a ``shape`` argument gives; None when its rank is not known."""
    if isinstance(value, Const) and isinstance(value.value, int):
        return (value.value,)
    if isinstance(value, Scalar) and value.kind == "int":
        return (None,)
    if isinstance(value, Items) and value.items is not None:
        axes = [const(item) for item in value.items]
        return tuple(axis if isinstance(axis, int) else None for axis in axes)
    return None
