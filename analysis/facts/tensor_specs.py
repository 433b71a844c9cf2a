"""tf.data: what the elements of a pipeline are declared to be."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Const,
    Dict,
    Items,
    Object,
    Scalar,
    UnknownValue,
    Value,
)
from keras_memlint.analysis.facts.arguments import dtype_of, shape_of
from keras_memlint.analysis.facts.table import Machine, fact, table

_SPEC = "tf.TensorSpec"


def declared(call: Call, element: Value) -> Value:
    """An element of ``from_generator``: ``element``, as far as its function tells, and what the arguments say of it."""
    signature = call.arg("output_signature")
    said = _signature(signature) if signature is not None else UNKNOWN
    if isinstance(said, UnknownValue):
        said = _typed(call.arg("output_types"), call.arg("output_shapes"))
    return _refined(element, said)


def _signature(value: Value) -> Value:
    if isinstance(value, Items) and value.kind == "tuple" and value.items is not None:
        return _tuple([_signature(item) for item in value.items])
    if isinstance(value, Dict):
        return Dict({key: _signature(item) for key, item in value.entries.items()})
    if isinstance(value, Object) and value.api == _SPEC and value.call is not None:
        return _leaf(value.call.arg("dtype") or Const("float32"), value.call.arg("shape"))
    return UNKNOWN


def _typed(types: Value | None, shapes: Value | None) -> Value:
    if isinstance(types, Items) and types.kind == "tuple" and types.items is not None:
        given = shapes.items if isinstance(shapes, Items) else None
        each = given if given is not None and len(given) == len(types.items) else (None,) * len(types.items)
        return _tuple([_typed(one, shape) for one, shape in zip(types.items, each, strict=True)])
    if isinstance(types, Dict):
        entries = shapes.entries if isinstance(shapes, Dict) else {}
        return Dict({key: _typed(one, entries.get(key)) for key, one in types.entries.items()})
    return _leaf(types, shapes) if types is not None else UNKNOWN


def _leaf(dtype: Value, shape: Value | None) -> Value:
    """One part of an element; strings from a generator are names or other texts rather than records."""
    if isinstance(dtype, Api) and dtype.name == "tf.string":
        return Scalar("str")
    known = dtype_of(dtype)
    return Array("tensor", known, shape_of(shape)) if known is not None else UNKNOWN


def _tuple(items: list[Value]) -> Items:
    return Items("tuple", tuple(items), length=len(items))


def _refined(element: Value, said: Value) -> Value:
    if (
        isinstance(element, Items)
        and isinstance(said, Items)
        and len(element.items or ()) == len(said.items or ())
    ):
        return _tuple(
            [_refined(one, two) for one, two in zip(element.items or (), said.items or (), strict=True)]
        )
    if isinstance(element, Dict) and isinstance(said, Dict):
        return Dict(
            {key: _refined(element.entries.get(key, UNKNOWN), one) for key, one in said.entries.items()}
        )
    if isinstance(element, Array) and isinstance(said, Array):
        shape = said.shape if said.shape is not None else element.shape
        return element.but(kind="tensor", dtype=said.dtype or element.dtype, shape=shape, size=None)
    if isinstance(said, (UnknownValue, Scalar)) and not isinstance(element, UnknownValue):
        return element
    return said


def _spec(call: Call, _run: Machine) -> Value:
    return Object(_SPEC, call)


TENSOR_SPECS = table(
    fact("tf.TensorShape", "dims", lambda call, _run: call.first(), see="API reference, `tf.TensorShape`"),
    fact(_SPEC, "shape dtype name", _spec, see="API reference, `tf.TensorSpec`"),
)
