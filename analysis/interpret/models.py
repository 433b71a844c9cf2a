"""Keras layers and models as values: built up layer by layer, with shapes and parameters where they can be inferred."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model, Use
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Function,
    Instance,
    Items,
    Origin,
    Shape,
    UnknownValue,
    Value,
    const,
)
from keras_memlint.analysis.facts.applications import APPLICATIONS, ApplicationSize, application
from keras_memlint.analysis.facts.layers_attention import score_elements
from keras_memlint.analysis.facts.table import Machine
from keras_memlint.analysis.interpret import layers as sizes
from keras_memlint.analysis.interpret.preprocessing import preprocessed, preprocessing_layers
from keras_memlint.analysis.syntax import tree

_MODEL_BASES = frozenset({"keras.Model", "keras.Sequential"})


def python_config(layer: Layer) -> dict[str, object]:
    """The layer's arguments as Python values; ``sizes.UNKNOWN`` for those not known."""
    return {key: python_value(value) for key, value in layer.config.items()}


def python_value(value: Value) -> object:
    """A value as a Python value; ``sizes.UNKNOWN`` when it is not known."""
    if isinstance(value, Layer):
        return sizes.LayerSpec(value.name, python_config(value))
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items) and value.items is not None:
        parts = [python_value(item) for item in value.items]
        return tuple(parts) if value.kind == "tuple" else parts
    return sizes.UNKNOWN


def shape_of(value: Value | None) -> Shape | None:
    """A shape written as a tuple or list; entries that are not numbers are None."""
    if isinstance(value, Items) and value.items is not None:
        axes = [const(item) for item in value.items]
        return tuple(axis if isinstance(axis, int) and not isinstance(axis, bool) else None for axis in axes)
    if isinstance(value, Const) and isinstance(value.value, int):
        return (value.value,)
    return None


def apply_layer(layer: Layer, args: tuple[Value, ...], node: tree.Expr) -> Value:
    """A layer called on symbolic tensors."""
    given = args[0] if args else UNKNOWN
    inputs = symbolic(given)
    if not inputs:
        if isinstance(given, UnknownValue):
            return KerasTensor(None, layer, (), infer(layer, [None]).parameters, node)
        layers = preprocessing_layers(layer)
        if layers and isinstance(given, Array):
            return preprocessed(layers, given, node)
        return Array("tensor", source="network", origin=Origin(node, "a layer's output"))
    if layer.name == "MultiHeadAttention" and len(args) > 1:
        inputs = [t for arg in args for t in symbolic(arg)]
    if layer.model is not None:
        return _apply(layer, layer.model, inputs, node)
    size = infer(layer, [tensor.shape for tensor in inputs])
    layer.made = KerasTensor(size.output, layer, tuple(inputs), size.parameters, node, size.stored)
    return layer.made


def layer_inputs(layer: Layer, args: tuple[Value, ...], kwargs: dict[str, Value]) -> tuple[Value, ...]:
    """What a layer is called on: attention takes its query, value and key by name, too, other layers their inputs."""
    if layer.name == "MultiHeadAttention":
        return (*args, *[kwargs[name] for name in ("query", "value", "key")[len(args) :] if name in kwargs])
    return args or tuple([kwargs["inputs"]] if "inputs" in kwargs else [])


def input_of(value: Value) -> KerasTensor | None:
    """An input in place of the one symbolic tensor ``value``; None for anything else."""
    if not isinstance(value, KerasTensor):
        return None
    return KerasTensor(value.shape, Layer("keras.layers.InputLayer", "", None), (), 0, value.node)


def between(start: KerasTensor, output: Value) -> Model | None:
    """The layers between two tensors in a layer of the user's own, whose other weights are unknown; None for no tensor."""
    ends = symbolic(output)
    if not ends:
        return None
    model = Model("layer", complete=False)
    collect(model, [start], ends)
    return model


def infer(layer: Layer, inputs: list[Shape | None]) -> sizes.LayerSize:
    """What a layer costs on ``inputs``; every number that is not known is None."""
    if layer.model is not None:
        model = layer.model
        build(model, inputs[0] if inputs else None)
        output = model.output.shape if model.output is not None else None
        return sizes.LayerSize(output, model.parameters, None, model.activations)
    inner = layer.config.get("layer")
    if layer.name == "TimeDistributed" and isinstance(inner, Model):
        before = inputs[0] if inputs else None
        build(inner, (before[0], *before[2:]) if before is not None else None)
        after = inner.output.shape if inner.output is not None else None
        shape = (*before[:2], *after[1:]) if before is not None and after is not None else None
        return sizes.UNSIZED._replace(output=shape, parameters=inner.parameters)
    return sizes.infer(layer.name, python_config(layer), inputs) or sizes.UNSIZED


def attention_scores(use: Use) -> int | None:
    """Elements an attention layer keeps for every pair of a query and a key, for each sample; None when not known."""
    return score_elements(use.layer.name, python_config(use.layer), use.inputs)


def symbolic(value: Value) -> list[KerasTensor]:
    """The symbolic tensors in ``value``: itself, or those of a list, tuple or dict."""
    if isinstance(value, KerasTensor):
        return [value]
    if isinstance(value, Items) and value.items is not None:
        return [tensor for item in value.items for tensor in symbolic(item)]
    return []


def apply_model(model: Model, args: tuple[Value, ...], node: tree.Expr) -> Value | None:
    """A model called on symbolic tensors; None when it is called on anything else."""
    inputs = symbolic(args[0])
    if not inputs:
        return None
    return _apply(Layer("keras.Model", model.flavour, model.call, model=model), model, inputs, node)


def _apply(layer: Layer, model: Model, inputs: list[KerasTensor], node: tree.Expr) -> KerasTensor:
    build(model, inputs[0].shape)
    shape, kept = model.output.shape if model.output is not None else None, model.activations
    found = application_on(model, inputs[0].shape) if model.kind == "application" else None
    if found is not None:
        shape, kept = found.output or shape, kept if found.activations is None else found.activations
    elif _is_other(model.input, inputs[0].shape):
        shape, kept = None, None  # Keras 3 refuses it, older ones compute another output
    return KerasTensor(shape, layer, tuple(inputs), model.parameters, node, kept)


def _is_other(made_for: Shape | None, given: Shape | None) -> bool:
    """Whether a model is called on samples of another shape than it was made for."""
    if made_for is None or given is None:
        return False
    known = zip(made_for[1:], given[1:], strict=False)
    return any(None not in (one, other) and one != other for one, other in known)


def sequential(call: Call) -> Value:
    """``keras.Sequential([...])``."""
    model = Model("sequential", call.flavour, call, origin=Origin(call.node, "made here"))
    given = call.arg("layers")
    if isinstance(given, (Layer, Model)):  # Keras 2 takes a single layer, too
        add(model, given, call.node)
    elif isinstance(given, Items) and given.items is not None:
        for item in given.items:
            add(model, item, call.node)
    elif given is not None:
        model.complete = False
    return model


def add(model: Model, item: Value, node: tree.Expr) -> None:
    """Append a layer (or a model as a layer) to a Sequential model."""
    if isinstance(item, KerasTensor):  # Input(...) in the list
        model.input = item.shape
        model.output = item
        return
    if isinstance(item, Instance):
        nested = of_instance(item)
        item = nested if nested is not None else layer_of(item)
    if isinstance(item, Model):
        item = Layer("keras.Model", item.flavour, item.call, model=item, origin=item.origin)
    if not isinstance(item, Layer):
        model.complete = False
        model.final = None
        model.output = None
        return
    before: Shape | None = model.output.shape if model.output is not None else None
    if not model.uses and model.output is None:
        before = _declared_input(item)
        model.input = before
    if item.name == "InputLayer":
        model.input = before
        model.output = KerasTensor(before, item, (), 0, node)
        return
    size = infer(item, [before])
    if item.model is not None and item.model.kind == "application":
        model.input = model.input or item.model.input
    where = item.origin.node if item.origin is not None else node
    model.uses.append(Use(item, (before,), size.output, size.parameters, where, size.stored))
    last = model.output or KerasTensor(
        before, Layer("keras.layers.InputLayer", model.flavour, None), (), 0, node
    )
    model.output = item.made = KerasTensor(size.output, item, (last,), size.parameters, where, size.stored)
    model.final = item


def build(model: Model, shape: Shape | None) -> None:
    """Give a Sequential model that declares no input the sizes it gets when it first sees ``shape``."""
    if shape is None or model.kind != "sequential" or model.input is not None or not model.uses:
        return
    layers, complete = [(use.layer, use.node) for use in model.uses if use.node is not None], model.complete
    if len(layers) < len(model.uses):
        return
    model.uses = []
    model.input = shape
    model.output = KerasTensor(shape, Layer("keras.layers.InputLayer", model.flavour, None), (), 0, None)
    for layer, node in layers:
        add(model, layer, node)
    model.complete = complete


def _declared_input(layer: Layer) -> Shape | None:
    """The input shape a first layer declares, batch axis first."""
    config = layer.config
    if layer.name == "InputLayer" and "shape" in config:
        shape = shape_of(config["shape"])
        return (None, *shape) if shape is not None else None
    inner = config.get("layer")
    if isinstance(inner, Layer) and "input_shape" not in config:
        return _declared_input(inner)
    return sizes.declared_input(layer.name, python_config(layer))


def as_value(shape: Shape) -> Value:
    """A shape as a tuple of the script."""
    axes = tuple([Const(axis) if axis is not None else UNKNOWN for axis in shape])
    return Items("tuple", axes, length=len(axes))


def output_shape(value: Value) -> Shape | None:
    """The shape of the one symbolic tensor a function gave; None for anything else."""
    return value.shape if isinstance(value, KerasTensor) else None


def functional(call: Call) -> Value:
    """``keras.Model(inputs, outputs)``: the layers between them, in order."""
    inputs = call.arg("inputs") or call.kwargs.get("input")
    outputs = call.arg("outputs") or call.kwargs.get("output")
    model = Model("functional", call.flavour, call, origin=Origin(call.node, "made here"))
    ends = symbolic(outputs) if outputs is not None else []
    starts = symbolic(inputs) if inputs is not None else []
    if not ends:
        model.complete = False
        return model
    model.input = starts[0].shape if starts else None
    collect(model, starts, ends)
    return model


def collect(model: Model, starts: list[KerasTensor], ends: list[KerasTensor]) -> None:
    """Note the layers between the symbolic tensors ``starts`` and ``ends`` in ``model``, in order."""
    model.output = ends[-1]
    model.final = ends[0].layer if len(ends) == 1 else None
    seen: set[int] = set()
    layers_seen: set[int] = set()
    stop = {id(tensor) for tensor in starts}
    stack: list[tuple[KerasTensor, bool]] = [(tensor, False) for tensor in reversed(ends)]
    while stack:
        tensor, done = stack.pop()
        if done:
            layer = tensor.layer
            if layer is None or layer.name == "InputLayer":
                continue
            shared = id(layer) in layers_seen
            layers_seen.add(id(layer))
            parameters = 0 if shared else tensor.parameters
            before = tuple(t.shape for t in tensor.inputs)
            model.uses.append(Use(layer, before, tensor.shape, parameters, tensor.node, tensor.stored))
            continue
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        stack.append((tensor, True))
        if id(tensor) in stop:
            continue
        stack += [(before, False) for before in reversed(tensor.inputs)]
        layer = tensor.layer
        if not tensor.inputs and (layer is None or (layer.model is None and layer.name != "InputLayer")):
            model.complete = False


def trace(model: Model, shape: Shape | None, call: Call, run: Machine) -> None:
    """Call a subclassed model symbolically, once, on an input of ``shape``: its layers in the order it uses them."""
    instance = model.instance
    if instance is None or model.uses:
        return
    method = instance.attributes.get("\0call")
    if not isinstance(method, Function):
        return
    start = KerasTensor(shape, Layer("keras.layers.InputLayer", model.flavour, None), (), 0, call.node)
    output, _ = run.apply(method, (start,), call, mapped=False)
    ends = symbolic(output)
    if ends:
        model.input = shape
        model.complete = shape is not None
        collect(model, [start], ends)


def of_instance(instance: Instance) -> Model | None:
    """The model behind an instance of a class that derives from ``keras.Model``; None for other classes."""
    found = instance.attributes.get("\0model")
    if isinstance(found, Model):
        return found
    base = instance.cls.api_base()
    if base not in _MODEL_BASES:
        return None
    model = Model("subclass", "", None, complete=False, instance=instance, origin=instance.origin)
    instance.attributes["\0model"] = model
    method = instance.cls.method("call")
    if method is not None:
        instance.attributes["\0call"] = method.bind(instance)
    return model


def layer_of(instance: Instance) -> Layer:
    """An instance of a user's own layer class: its sizes are unknown."""
    return Layer(f"layers.{instance.cls.node.name}", "", None, origin=instance.origin)


def application_on(model: Model, shape: Shape | None) -> ApplicationSize | None:
    """The sizes of an application that is called on another input than it was made for; None when it was made for one."""
    if shape is None or model.call is None or model.call.arg("input_shape") is not None:
        return None
    return resized(model, model.api.rpartition(".")[2], shape)


def resized(model: Model, name: str, shape: Shape) -> ApplicationSize | None:
    """The sizes of the application ``name`` on images of ``shape``, otherwise made as ``model`` is; None when unknown."""
    if model.call is None:
        return None
    taken = APPLICATIONS[name].params if name in APPLICATIONS else ()
    given = {key: model.call.arg(key) for key in model.call.params if key in taken}
    config = {key: python_value(value) for key, value in given.items() if value is not None}
    config.pop("input_tensor", None)
    return application(name, config | {"input_shape": shape[1:]})
