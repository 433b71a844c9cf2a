"""Attributes of models that are values, ``layers`` above all, and what setting ``trainable`` does to a model or a layer."""

from __future__ import annotations

from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.values import Const, Items, Value, const
from keras_memlint.analysis.facts.applications import LAYERS
from keras_memlint.analysis.interpret.models import symbolic
from keras_memlint.analysis.syntax import tree

# The model that a layer stands in which may be any of its layers, in the layer's configuration.
_OF = "\0of"


def attribute(model: Model, name: str, node: tree.Expr) -> Value | None:
    """``model.output``, ``model.layers`` and other attributes that are values; None for all else, methods above all."""
    if name in ("output", "outputs"):
        return model.output
    if name in ("input", "inputs"):
        layer = Layer("keras.layers.InputLayer", model.flavour, model.call)
        return KerasTensor(model.input, layer, (), 0, node)
    if name == "layers":
        items = _layers(model)
        some = Layer("keras.layers.Layer", model.flavour, None, {_OF: model})
        return Items("list", items, some, len(items) if items else None)
    if name == "optimizer" and model.compiled is not None:
        return model.compiled.arg("optimizer")
    if name == "input_shape" and model.input is not None:
        return Items("tuple", tuple(Const(axis) for axis in model.input), length=len(model.input))
    return None


def set_attribute(owner: Model | Layer, name: str, value: Value) -> None:
    """``model.trainable = False`` and the like."""
    if name == "trainable":
        if isinstance(owner, Model):
            owner.frozen = const(value) is False
            for use in owner.head:
                use.layer.config["trainable"] = value
        else:
            owner.config["trainable"] = value
            whole = owner.config.get(_OF)
            if isinstance(whole, Model) and const(value) is False:
                whole.frozen = True  # at least in part


def note_choice(owner: Value) -> None:
    """Note that a branch decides whether ``owner``, a model or one of its layers, is trained."""
    whole = owner if isinstance(owner, Model) else owner.config.get(_OF) if isinstance(owner, Layer) else None
    if isinstance(whole, Model):
        whole.perhaps_frozen = True


def is_some_of_head(layer: Layer) -> bool:
    """Whether ``layer`` stands for any layer of a model whose last ones are told one by one."""
    whole = layer.config.get(_OF)
    return isinstance(whole, Model) and bool(whole.head)


def _layers(model: Model) -> tuple[Layer, ...] | None:
    """What ``model.layers`` holds; None when that is not known.

    A model of keras.applications that others were built on by its ``output`` is no layer there, but all its layers are.
    """
    if not model.complete or (model.kind == "application" and not model.head):
        return None
    found: list[Layer] = []
    for use in model.head or model.uses:
        inside = use.layer.model
        if inside is None or inside.kind != "application" or use.inputs:
            found.append(use.layer)
            continue
        number = LAYERS.get(inside.api.rpartition(".")[2])
        if number is None:
            return None
        body = [Layer("keras.layers.Layer", model.flavour, None, {_OF: inside}) for _ in range(number)]
        body[-1].made = inside.output
        found += body
    if model.kind == "application":
        return (Layer("keras.layers.InputLayer", model.flavour, None), *found)
    return (*_input_layers(model), *found)


def _input_layers(model: Model) -> tuple[Layer, ...]:
    """The layers that ``model.layers`` begins with: a functional model has one for each input, a Sequential none."""
    if model.kind != "functional" or model.call is None:
        return ()
    given = model.call.arg("inputs") or model.call.kwargs.get("input")
    starts = symbolic(given) if given is not None else []
    return tuple(Layer("keras.layers.InputLayer", model.flavour, None) for _ in starts)
