"""What a call does: the script's own functions, library functions by their facts, layers and models by theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from keras_memlint.analysis import models, symbolic, tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.library import FACTS, find_fact
from keras_memlint.analysis.facts.numpy import reshaped
from keras_memlint.analysis.preprocessing import preprocessed, preprocessing_layers
from keras_memlint.analysis.scopes import Scope
from keras_memlint.analysis.values import (
    UNKNOWN,
    Api,
    Array,
    Bound,
    Class,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Items,
    KerasTensor,
    Layer,
    Model,
    Object,
    Origin,
    Scalar,
    UnknownValue,
    Value,
    join,
    resolve,
)

if TYPE_CHECKING:
    from keras_memlint.analysis.interpreter import Interpreter

_ARRAY_CLASS = {
    "frame": "pandas.DataFrame",
    "series": "pandas.Series",
    "sparse": "scipy.sparse",
    "tensor": "tf.Tensor",
    "hdf5": "h5py.Dataset",
}
# Methods worth remembering on a receiver nobody knows, by the keyword arguments that give Keras away.
_KERAS_ONLY = frozenset(
    [
        "epochs",
        "nb_epoch",
        "validation_data",
        "validation_split",
        "callbacks",
        "steps_per_epoch",
        "initial_epoch",
        "class_weight",
        "validation_steps",
    ]
)
_TUNER_ONLY = frozenset({"epochs", "validation_data", "validation_split", "callbacks"})


def call(run: Interpreter, node: tree.Call, scope: Scope) -> Value:
    """The value of a call expression."""
    func = run.eval(node.func, scope)
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    star = False
    for argument in node.args:
        value = run.eval(argument.value, scope)
        if argument.name is not None:
            kwargs[argument.name] = value
        elif argument.star == "*":
            if isinstance(value, Items) and value.items is not None:
                args += value.items
            else:
                star = True
        elif argument.star:
            if isinstance(value, Dict) and isinstance(value.element, UnknownValue):
                kwargs.update({k: v for k, v in value.entries.items() if isinstance(k, str)})
            else:
                star = True
        else:
            args.append(value)
    return call_value(run, func, node, tuple(args), kwargs, star)


def call_value(
    run: Interpreter,
    func: Value,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    """The value of calling ``func``."""
    if isinstance(func, Api):
        if func.name == "builtins.super":
            return Object("super", state={"self": scope_self(run)})
        if func.name == "functools.partial" and args:
            return args[0]
        return _library(run, func.name, func.flavour, None, node, args, kwargs, star)
    if isinstance(func, Bound):
        return _method(run, func, node, args, kwargs, star)
    if isinstance(func, Function):
        return _own_function(run, func, node, args, kwargs, star)
    if isinstance(func, Class):
        return _instantiate(run, func, node, args, kwargs, star)
    if isinstance(func, Layer):
        if run.mapped:
            make_call(run, "keras.Layer.__call__", func.flavour, func, node, args, kwargs, star, ("inputs",))
        return _traced_lambda(run, func, args, models.apply_layer(func, args, node))
    if isinstance(func, (Model, Instance)):
        return _call_instance(run, func, node, args, kwargs, star)
    if run.mapped:  # who asks what a mapped function does must learn that it does more than is known
        make_call(run, "?", "", None, node, args, kwargs, star, ())
    return UNKNOWN


def scope_self(run: Interpreter) -> Value:
    """The ``self`` of the method being evaluated."""
    function = run.function
    return function.bound if function is not None and function.bound is not None else UNKNOWN


def make_call(
    run: Interpreter,
    name: str,
    flavour: str,
    receiver: Value | None,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
    params: tuple[str, ...],
) -> Call:
    """Record a call."""
    run.order += 1
    site = run.led_to(node)
    made = Call(
        node,
        name,
        flavour,
        receiver,
        args,
        kwargs,
        star,
        params,
        run.loops,
        run.function,
        run.mapped > 0,
        run.contexts,
        run.order,
        site,
        run.branches > 0,
        streamed=run.streamed > 0,
    )
    run.calls.append(made)
    return made


def _library(
    run: Interpreter,
    name: str,
    flavour: str,
    receiver: Value | None,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    """A call into a library: by its fact, else by what its name says."""
    row = FACTS.get(name) or find_fact(name)
    if row is None:
        made = make_call(run, name, flavour, receiver, node, args, kwargs, star, models.parameters_of(name))
        made.result = symbolic.operation(name, args, kwargs, node) or models.construct(made)
        _callbacks(run, args, kwargs)
        return made.result
    made = make_call(run, name, flavour, receiver, node, args, kwargs, star, row.params)
    if row.gives is not None:
        made.result = row.gives(made, run.machine)
        if symbolic.is_opaque(made.result):
            made.result = symbolic.operation(name, args, kwargs, node) or made.result
    else:
        _callbacks(run, args, kwargs)
    return made.result


def _callbacks(run: Interpreter, args: tuple[Value, ...], kwargs: dict[str, Value]) -> None:
    """Functions handed to a library are called by it some time, with values nobody knows."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Function) and isinstance(value.node, tree.Lambda):
            run.evaluate(value, (), {})


def _method(
    run: Interpreter,
    func: Bound,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    receiver = func.receiver
    name = func.name
    if isinstance(receiver, UnknownValue):
        return _unknown_method(run, name, node, args, kwargs, star)
    if isinstance(receiver, Instance):
        model = models.of_instance(receiver)
        if model is not None:
            return _library(run, f"keras.Model.{name}", "", model, node, args, kwargs, star)
        base = receiver.cls.api_base()
        return _library(run, f"{base or '?'}.{name}", "", receiver, node, args, kwargs, star)
    if isinstance(receiver, Class):
        base = receiver.api_base()
        return _library(run, f"{base or '?'}.{name}", "", receiver, node, args, kwargs, star)
    return _library(
        run, f"{class_name(receiver)}.{name}", flavour_of(receiver), receiver, node, args, kwargs, star
    )


def _unknown_method(
    run: Interpreter,
    name: str,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    """A method of something unknown: a model when its arguments can be nothing else."""
    if name in ("fit", "fit_generator") and not _KERAS_ONLY.isdisjoint(kwargs):
        return _library(
            run, f"keras.Model.{name}", "", Model("unknown", complete=False), node, args, kwargs, star
        )
    if name in ("evaluate", "predict", "fit") and args and isinstance(args[0], Dataset):
        return _library(
            run, f"keras.Model.{name}", "", Model("unknown", complete=False), node, args, kwargs, star
        )
    if name in (
        "predict_generator",
        "evaluate_generator",
        "train_on_batch",
        "predict_on_batch",
        "test_on_batch",
    ):
        return _library(
            run, f"keras.Model.{name}", "", Model("unknown", complete=False), node, args, kwargs, star
        )
    made = make_call(run, f"?.{name}", "", UNKNOWN, node, args, kwargs, star, ())
    _callbacks(run, args, kwargs)
    if name == "reshape" and args:
        made.result = reshaped(made)
    return made.result


def class_name(value: Value) -> str:
    """The canonical class name under which a value's methods are found."""
    if isinstance(value, Array):
        return _ARRAY_CLASS.get(value.kind, "numpy.ndarray")
    if isinstance(value, Dataset):
        return "tf.data.Dataset"
    if isinstance(value, Model):
        return "keras.Model"
    if isinstance(value, Layer):
        return value.api if value.api.startswith("tfmot") else "keras.Layer"
    if isinstance(value, KerasTensor):
        return "keras.KerasTensor"
    if isinstance(value, Items):
        return f"builtins.{value.kind}"
    if isinstance(value, Dict):
        return "builtins.dict"
    if isinstance(value, Object):
        return value.api
    if isinstance(value, Scalar):
        return "builtins.str" if value.kind == "path" else f"builtins.{value.kind}"
    if isinstance(value, Const):
        return f"builtins.{type(value.value).__name__}"
    if isinstance(value, Bound):
        return f"{class_name(value.receiver)}.{value.name}"
    return "?"


def flavour_of(value: Value) -> str:
    """The Keras flavour a value was made with, ``""`` when that is not known."""
    if isinstance(value, (Model, Layer)):
        return value.flavour
    if isinstance(value, Object) and value.call is not None:
        return value.call.flavour
    return ""


def _own_function(
    run: Interpreter,
    func: Function,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    made = make_call(
        run,
        f"def {func.name}",
        "",
        func.bound,
        node,
        args,
        kwargs,
        star,
        tuple(p.name for p in func.node.params),
    )
    outer = run.site
    if node.piece.source is run.project.source:
        run.site = node
    if func.bound is not None and not func.static:
        args = (func.bound, *args)
    made.result = run.evaluate(func, () if star else args, kwargs)
    run.site = outer
    return made.result


def _instantiate(
    run: Interpreter,
    cls: Class,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    made = make_call(run, f"class {cls.node.name}", "", cls, node, args, kwargs, star, ())
    outer = run.site
    if node.piece.source is run.project.source:
        run.site = node
    instance = run.instances.setdefault(id(cls), Instance(cls, origin=Origin(node, "made here")))
    if instance.origin is not None and instance.origin.node is not node:
        instance = Instance(cls, origin=Origin(node, "made here"))
    init = cls.method("__init__")
    if init is not None:
        run.evaluate(init.bind(instance), () if star else (instance, *args), kwargs)
    for parameter, value in kwargs.items():
        instance.attributes.setdefault(parameter, value)  # dataclasses and the like
    run.site = outer
    made.result = instance
    return instance


def _call_instance(
    run: Interpreter,
    func: Model | Instance,
    node: tree.Call,
    args: tuple[Value, ...],
    kwargs: dict[str, Value],
    star: bool,
) -> Value:
    if isinstance(func, Instance):
        own = func.cls.method("__call__")
        if own is not None:
            return _own_function(run, own.bind(func), node, args, kwargs, star)
        model = models.of_instance(func)
        if model is None:
            base = func.cls.api_base()
            if base is not None and base.startswith("keras.") and base.endswith("Layer"):
                return _traced_layer(run, func, args, models.apply_layer(models.layer_of(func), args, node))
            return UNKNOWN
        func = model
    if args and isinstance(args[0], (KerasTensor, Items)):
        symbolic = models.apply_model(func, args, node)
        if symbolic is not None:
            return symbolic
    made = make_call(run, "keras.Model.__call__", func.flavour, func, node, args, kwargs, star, ("inputs",))
    if args and isinstance(args[0], Array) and args[0].shape:
        models.build(func, (None, *args[0].shape[1:]))
    layers = preprocessing_layers(func)
    if layers and args and isinstance(args[0], Array):
        made.result = preprocessed(layers, args[0], node)
    else:
        made.result = Array("tensor", source="network", origin=Origin(node, "the model's output"))
    return made.result


def _traced_lambda(run: Interpreter, layer: Layer, args: tuple[Value, ...], applied: Value) -> Value:
    """What a ``Lambda`` layer gives: Keras learns its shape by calling the function, and so do we."""
    function = layer.config.get("function")
    if layer.name == "Lambda" and isinstance(function, Function) and _is_unsized(applied):
        applied.shape = models.output_shape(run.evaluate(function, args, {}))
    return applied


def _traced_layer(run: Interpreter, layer: Instance, args: tuple[Value, ...], applied: Value) -> Value:
    """What a layer of the user's own gives: what its ``compute_output_shape`` or else its ``call`` says."""
    if not _is_unsized(applied):
        return applied
    told = layer.cls.method("compute_output_shape")
    if told is not None and applied.inputs[0].shape is not None:
        before = models.as_value(applied.inputs[0].shape)
        applied.shape = models.shape_of(run.evaluate(told.bind(layer), (layer, before), {}))
    method = layer.cls.method("call")
    if applied.shape is None and method is not None:
        applied.shape = models.output_shape(run.evaluate(method.bind(layer), (layer, *args), {}))
    return applied


def _is_unsized(applied: Value) -> TypeGuard[KerasTensor]:
    return isinstance(applied, KerasTensor) and applied.shape is None and bool(applied.inputs)


def instance_member(run: Interpreter, instance: Instance, name: str) -> Value:
    """``instance.name``: its own attribute, a method, a class attribute or what its library base offers."""
    found = instance.attributes.get(name)
    if found is not None:
        return resolve(found)
    if instance.path is not None:
        return run.project.member(instance.path, name, None)
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


def bind_parameters(
    function: Function, args: tuple[Value, ...], kwargs: dict[str, Value], scope: Scope
) -> None:
    """Bind a function's parameters in ``scope``; those not given have their defaults or are unknown."""
    names = scope.names
    remaining = list(args)
    for parameter in function.node.params:
        name = parameter.name
        if parameter.star == "*":
            names[name] = (
                Items("tuple", tuple(remaining), length=len(remaining)) if remaining else Items("tuple")
            )
            remaining = []
        elif parameter.star:
            names[name] = Dict(dict(kwargs)) if kwargs else Dict()
        elif remaining and parameter.kind != "keyword":
            names[name] = remaining.pop(0)
        elif name in kwargs:
            names[name] = kwargs[name]
        else:
            default = function.defaults.get(name, UNKNOWN)
            names[name] = UNKNOWN if isinstance(default, Const) and default.value is None else default


def iterate(value: Value) -> tuple[Value, int | None]:
    """What a loop over ``value`` binds, and how often it turns when that is known."""
    if isinstance(value, Items):
        return value.any(), value.length
    if isinstance(value, Array):
        if value.kind in ("frame",):
            return Scalar("str"), None
        return value.sample(), value.length
    if isinstance(value, Dataset):
        return value.element, value.cardinality
    if isinstance(value, Dict):
        return Scalar("str"), value.length
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)):
        return Scalar("str"), len(value.value)
    if isinstance(value, Const) and isinstance(value.value, (tuple, list)):
        return UNKNOWN, len(value.value)
    return UNKNOWN, None


def unpack(value: Value, parts: int) -> list[Value]:
    """The values a tuple of ``parts`` targets is bound to."""
    if isinstance(value, Items):
        if value.items is not None and len(value.items) == parts:
            return list(value.items)
        if value.items is None:
            return [value.element] * parts
    if isinstance(value, Array):
        return [iterate(value)[0]] * parts
    if isinstance(value, Const) and isinstance(value.value, (tuple, list)) and len(value.value) == parts:
        return [Const(part) for part in value.value]
    return [UNKNOWN] * parts


def set_attribute(owner: Value, name: str, value: Value) -> None:
    """``owner.name = value`` on a library's object."""
    if isinstance(owner, (Model, Layer)):
        models.set_attribute(owner, name, value)


def fill(array: Array, value: Value, in_loop: bool) -> None:
    """``array[…] = value``: an array filled in a loop with what files hold is like a list of it."""
    if array.kind == "frame" and array.shape:
        array.shape = (array.shape[0], None)  # a column more, perhaps
    if isinstance(value, Array) and value.source == "disk" and in_loop and array.source in ("made", ""):
        if value.pixels or not value.part:
            array.source = "list"
            array.pixels = array.pixels or value.pixels
    elif isinstance(value, Array) and value.source in ("list", "disk"):
        array.source = array.source if array.source not in ("made", "") else value.source


__all__ = ["bind_parameters", "call", "call_value", "iterate", "join", "unpack"]
