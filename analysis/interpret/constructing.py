"""What constructors of layers, of models of ``keras.applications`` and of other library classes give."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Const,
    Object,
    Origin,
    Shape,
    Value,
)
from keras_memlint.analysis.facts.applications import APPLICATIONS, ApplicationSize, application
from keras_memlint.analysis.facts.optimizers import OPTIMIZERS
from keras_memlint.analysis.interpret import layers as sizes
from keras_memlint.analysis.interpret.models import apply_layer, collect, python_value, shape_of, symbolic

# What ``merge`` of Keras 1 does, by its ``mode``.
_MODES = {"ave": "Average", "concat": "Concatenate", "max": "Maximum", "mul": "Multiply", "sum": "Add"}


def parameters_of(name: str) -> tuple[str, ...]:
    """The positional parameters of a constructor known by class name alone."""
    group, _, short = name.rpartition(".")
    if group == "keras.layers":
        return sizes.LAYER_SIGNATURES.get(short, ())
    if group == "keras.optimizers":
        row = OPTIMIZERS.get(short)
        return row.params if row is not None else ()
    if group.startswith("keras.applications") and short in APPLICATIONS:
        return APPLICATIONS[short].family.params
    return ()


def construct(call: Call) -> Value:
    """The instance a library class gives, told by its name; unknown for functions."""
    group, _, short = call.name.rpartition(".")
    if group == "keras.layers" and short in sizes.LAYER_FUNCTIONS and call.args:
        made = Layer(f"keras.layers.{sizes.LAYER_FUNCTIONS[short]}", call.flavour, call, dict(call.kwargs))
        return apply_layer(made, call.args, call.node)
    if call.name == "keras.layers.merge" and call.args and call.const("mode", "sum") in _MODES:
        axis = call.arg("concat_axis")
        config = {"axis": axis} if axis is not None else {}
        kind = _MODES[call.const("mode", "sum")]
        return apply_layer(Layer(f"keras.layers.{kind}", call.flavour, call, config), call.args, call.node)
    if not short[:1].isupper():
        return UNKNOWN
    origin = Origin(call.node, "made here")
    if group.startswith("keras.layers"):
        return Layer(call.name, call.flavour, call, _layer_config(call, short), origin=origin)
    if group.startswith("keras.applications") and short in APPLICATIONS:
        return _application(call, short)
    return Object(call.name, call, origin=origin)


def _layer_config(call: Call, name: str) -> dict[str, Value]:
    """The constructor's arguments by name, in the order of Keras 3 or, when that does not fit, of Keras 2."""
    if call.star:
        return dict(call.kwargs)
    for keras2 in (False, True):
        bound = sizes.bind(name, call.args, call.kwargs, keras2=keras2)
        if bound is not None:
            return {key: value for key, value in bound.items() if isinstance(value, Value)}
    return dict(call.kwargs)


def input_tensor(call: Call) -> Value:
    """``keras.Input(shape=…)``."""
    shape = shape_of(call.arg("shape"))
    batch: int | None = call.const("batch_size")
    whole: Shape | None = (batch, *shape) if shape is not None else shape_of(call.arg("batch_shape"))
    layer = Layer("keras.layers.InputLayer", call.flavour, call, origin=Origin(call.node, "input"))
    return KerasTensor(whole, layer, (), 0, call.node)


def _application(call: Call, name: str) -> Model:
    """A model of ``keras.applications``."""
    model = Model("application", call.flavour, call, api=call.name, origin=Origin(call.node, "made here"))
    config = {key: python_value(value) for key in call.params if (value := call.arg(key)) is not None}
    given = call.arg("input_tensor")
    shape = given.shape if isinstance(given, KerasTensor) else None
    if given is not None:
        config["input_tensor"] = shape if shape is not None else sizes.UNKNOWN
    found = application(name, config)
    inputs = shape_of(call.arg("input_shape"))
    model.input = shape or ((None, *inputs) if inputs is not None else None)
    if model.input is None and found is not None:
        model.input = found.input
    layer = Layer("keras.Model", call.flavour, call, model=model, origin=model.origin)
    if found is None:
        model.complete = False
        model.output = KerasTensor(None, layer, (), None, call.node)
        return model
    model.inner_parameters = found.parameters
    model.inner_activations = found.activations
    model.inner_largest = found.largest
    model.output = KerasTensor(found.output, layer, (), found.parameters, call.node, found.activations)
    if APPLICATIONS[name].family.flattens and config.get("include_top", True) is True and found.input:
        config.pop("input_tensor", None)
        config |= {"include_top": False, "pooling": None, "input_shape": found.input[1:]}
        _tell_head(model, call, application(name, config))
    return model


def _tell_head(model: Model, call: Call, body: ApplicationSize | None) -> None:
    """Note the dense layers of an application behind its ``body``, one by one."""
    classes = call.arg("classes") or Const(1000)
    if body is None or body.output is None or None in body.output[1:] or not isinstance(classes, Const):
        return
    inside = Model("application", call.flavour, call, input=model.input, api=call.name, origin=model.origin)
    inside.inner_parameters, inside.inner_activations = body.parameters, body.activations
    inside.inner_largest = body.largest
    layer = Layer("keras.Model", call.flavour, call, model=inside, origin=model.origin)
    at: Value = KerasTensor(body.output, layer, (), body.parameters, call.node, body.activations)
    inside.output = at if isinstance(at, KerasTensor) else None
    hidden = Const(APPLICATIONS[call.name.rpartition(".")[2]].family.hidden)
    for kind, name, units in (
        ("Flatten", "flatten", None),
        ("Dense", "fc1", hidden),
        ("Dense", "fc2", hidden),
        ("Dense", "predictions", classes),
    ):
        config: dict[str, Value] = {"name": Const(name)}
        if units is not None:
            config["units"] = units
        at = apply_layer(Layer(f"keras.layers.{kind}", call.flavour, None, config), (at,), call.node)
    ends = Model("functional")
    collect(ends, [], symbolic(at))
    model.head, model.output = ends.uses, ends.output
