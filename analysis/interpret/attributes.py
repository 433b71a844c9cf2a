"""Attributes: ``array.shape``, ``frame.values``, ``model.output`` of library values, and those of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Api,
    Array,
    Bound,
    Class,
    Const,
    Dict,
    Instance,
    Items,
    Object,
    Scalar,
    Value,
    resolve,
    reversed_axes,
)
from keras_memlint.analysis.interpret import model_attributes
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def attribute(owner: Value, name: str, node: tree.Expr) -> Value | None:
    """The value of ``owner.name``; None when it is a method or not known."""
    if isinstance(owner, Array):
        return _array(owner, name, node)
    if isinstance(owner, Model):
        return model_attributes.attribute(owner, name, node)
    if isinstance(owner, KerasTensor):
        return _shape(owner.shape) if name == "shape" else None
    if isinstance(owner, Layer):
        if name == "output" and owner.made is not None:
            return owner.made
        if name in ("output", "input"):
            return KerasTensor(None, owner, (), None, node)
        return None
    if isinstance(owner, Object):
        return _object(owner, name)
    if isinstance(owner, Items) and name == "values":
        return owner  # a pandas column of arrays
    return None


def _shape(shape: tuple[int | None, ...] | None) -> Value:
    if shape is None:
        return Items("tuple", None, Scalar("int", counts=True))
    axes = [Const(a) if a is not None else Scalar("int", counts=not at) for at, a in enumerate(shape)]
    return Items("tuple", tuple(axes), length=len(shape))


def _array(array: Array, name: str, node: tree.Expr) -> Value | None:
    if name == "shape":
        return _shape(array.shape)
    if name == "T":
        return array.but(shape=reversed_axes(array.shape), pixels=False, labels=False)
    if name in ("size", "ndim", "nbytes", "itemsize"):
        if name == "ndim" and array.shape is not None:
            return Const(len(array.shape))
        return Scalar("int")
    if name == "dtype":
        return Const(array.dtype) if array.dtype is not None else Scalar("str")
    if array.kind in ("frame", "series"):
        if name == "values":
            labels = array.kind == "series"
            return array.derived(
                node, "converted to an array here", kind="ndarray", dtype=None, pixels=False, labels=labels
            )
        if name in ("iloc", "loc", "at", "iat", "str", "dt"):
            return Bound(array, name)
        if name in ("columns", "index"):
            return Items("list", None, Scalar("str"))
        return None
    if name == "value" and array.kind == "hdf5":  # until h5py 3
        return array.derived(node, "read whole", kind="ndarray")
    if name == "data" and array.kind == "ndarray":
        return array
    return None


def _object(owner: Object, name: str) -> Value | None:
    if owner.api == "keras.callbacks.History" and name == "history":
        return Dict(element=Items("list", None, Scalar("float")))
    if owner.api == "super":
        return None
    if owner.api.startswith("tf.lite."):
        return owner.state.get(name)
    if owner.api == "argparse.Namespace":
        return UNKNOWN
    return None


def instance_member(run: Interpreter, instance: Instance, name: str) -> Value:
    """``instance.name``: its own attribute, a method, a class attribute or what its library base offers."""
    found = instance.attributes.get(name)
    if found is not None:
        return resolve(found)
    if instance.path is not None:
        return run.project.member(instance.path, name, None)
    if name == "model" and instance.cls.api_base() == "keras.callbacks.Callback":
        return instance.attributes.setdefault("\0watched", Model("unknown", complete=False))
    method = instance.cls.method(name)
    if method is not None:
        if any(isinstance(d, Api) and d.name == "builtins.property" for d in method.decorators):
            return run.evaluate(method.bind(instance), (instance,), {})
        return method.bind(instance)
    cls: Class | None = instance.cls
    while cls is not None:
        value = cls.scope.names.get(name)
        if value is not None:
            return value
        cls = next((base for base in cls.bases if isinstance(base, Class)), None)
    return Bound(instance, name) if instance.cls.bases else Bound(UNKNOWN, name)
