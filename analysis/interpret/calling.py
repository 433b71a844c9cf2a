"""What a call does: the script's own functions, library functions by their facts, layers and models by theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from keras_memlint.analysis.abstract.calls import Call, Given
from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
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
    Origin,
    Scalar,
    UnknownValue,
    Value,
)
from keras_memlint.analysis.facts.ending import EXITS, KEYWORDS, NO_MODULES, OWN_KINDS
from keras_memlint.analysis.facts.library import FACTS, find_fact
from keras_memlint.analysis.facts.numpy_shaping import reshaped
from keras_memlint.analysis.interpret import (
    binding,
    by_use,
    constructing,
    data_format,
    models,
    ranks,
    symbolic,
)
from keras_memlint.analysis.interpret.preprocessing import preprocessed, preprocessing_layers
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter

_ARRAY_CLASS = {
    "frame": "pandas.DataFrame",
    "series": "pandas.Series",
    "sparse": "scipy.sparse",
    "tensor": "tf.Tensor",
    "hdf5": "h5py.Dataset",
}
# Libraries whose objects are known by what made them.
_OWN = ("builtins.", "keras.", "tf.", "numpy.", "sklearn.")


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
    return call_value(run, func, Given(node, tuple(args), kwargs, star))


def call_value(run: Interpreter, func: Value, given: Given) -> Value:
    """The value of calling ``func``."""
    if isinstance(func, Api):
        if func.name == "builtins.super":
            return Object("super", state={"self": scope_self(run)})
        if func.name == "functools.partial" and given.args:
            return given.args[0]
        return _library(run, func.name, func.flavour, None, given)
    if isinstance(func, Bound):
        return _method(run, func.receiver, func.name, given)
    if isinstance(func, Function):
        return _own_function(run, func, given)
    if isinstance(func, Choice):
        return _one_of(run, func, given)
    if isinstance(func, Class):
        return _instantiate(run, func, given)
    if isinstance(func, Layer):
        if run.mapped:
            record(run, "keras.Layer.__call__", func.flavour, func, given, ("inputs",))
        args = models.layer_inputs(func, given.args, given.kwargs)
        ranks.note(run, func, args, given.node)
        return _traced_lambda(run, func, args, models.apply_layer(func, args, given.node))
    if isinstance(func, Instance):
        return _call_instance(run, func, given)
    if isinstance(func, Model):
        return _call_model(run, func, given)
    if isinstance(func, Object) and func.api.startswith("keras.losses."):
        return Array("tensor", "float32", (), "network", origin=Origin(given.node, "a loss"))
    if run.mapped:  # who asks what a mapped function does must learn that it does more than is known
        record(run, "?", "", None, given)
    return UNKNOWN


def never_returns(run: Interpreter, node: tree.Expr) -> bool:
    """Whether ``node``, which was evaluated last, is a call that ends the script or raises on every Keras.

    One that raises at its own arguments has done nothing and is forgotten.
    """
    if run.ended_in is node:
        return not run.contexts
    made = run.calls[-1] if isinstance(node, tree.Call) and run.calls else None
    if made is None or made.node is not node or run.contexts:
        return False  # what a `with` is for may be to go on
    if made.name in EXITS or made.name.startswith(NO_MODULES):
        return True
    words, model = KEYWORDS.get(made.name), made.receiver
    if words is None or words.issuperset(made.kwargs) or not isinstance(model, Model):
        return False
    if model.kind not in OWN_KINDS or (model.call is not None and model.call.given("custom_objects")):
        return False
    run.calls.pop()
    return True


def scope_self(run: Interpreter) -> Value:
    """The ``self`` of the method being evaluated."""
    function = run.function
    return function.bound if function is not None and function.bound is not None else UNKNOWN


def record(
    run: Interpreter,
    name: str,
    flavour: str,
    receiver: Value | None,
    given: Given,
    params: tuple[str, ...] = (),
) -> Call:
    """A call with its circumstances, as rules see it."""
    run.order += 1
    made = Call(
        given.node,
        name,
        flavour,
        receiver,
        given.args,
        given.kwargs,
        given.star,
        params,
        run.loops,
        run.function,
        run.mapped > 0,
        run.contexts,
        run.order,
        run.led_to(given.node),
        run.branches > 0,
        streamed=run.streamed > 0,
        traced=run.traced,
        caller=run.caller,
        tried=run.tries > 0,
    )
    run.calls.append(made)
    return made


# Libraries


def _library(run: Interpreter, name: str, flavour: str, receiver: Value | None, given: Given) -> Value:
    """A call into a library: by its fact, else by what its name says."""
    row = FACTS.get(name) or find_fact(name)
    if row is None and receiver is None and not name.startswith(_OWN):
        told = _told_by_use(run, name.rpartition(".")[2], given)
        if told is not None:
            return told  # an object that some module has made
    if row is None:
        made = record(run, name, flavour, receiver, given, constructing.parameters_of(name))
        made.result = (
            data_format.heed(run, made)
            or symbolic.operation(name, given.args, given.kwargs, given.node)
            or constructing.construct(made)
        )
        if isinstance(made.result, Layer):
            data_format.apply(run, made.result)
        _callbacks(run, given)
        return made.result
    made = record(run, name, flavour, receiver, given, row.params)
    if row.gives is not None:
        made.result = row.gives(made, run.machine)
        if symbolic.is_opaque(made.result):
            found = symbolic.operation(name, given.args, given.kwargs, given.node)
            made.result = found or made.result
    else:
        _callbacks(run, given)
    return made.result


def _callbacks(run: Interpreter, given: Given) -> None:
    """Functions handed to a library are called by it some time, with values nobody knows."""
    for value in (*given.args, *given.kwargs.values()):
        if isinstance(value, Function) and isinstance(value.node, tree.Lambda):
            run.evaluate(value, (), {})


def _method(run: Interpreter, receiver: Value, name: str, given: Given) -> Value:
    if by_use.is_unknown(receiver):
        told = _told_by_use(run, name, given)
        if told is not None:
            return told
    if isinstance(receiver, UnknownValue):
        return _unknown_method(run, name, given)
    if isinstance(receiver, Instance):
        model = models.of_instance(receiver)
        if model is not None:
            return _library(run, f"keras.Model.{name}", "", model, given)
    if isinstance(receiver, (Instance, Class)):
        base = (receiver.cls if isinstance(receiver, Instance) else receiver).api_base()
        return _library(run, f"{base or '?'}.{name}", "", receiver, given)
    return _library(run, f"{class_name(receiver)}.{name}", flavour_of(receiver), receiver, given)


def _told_by_use(run: Interpreter, name: str, given: Given) -> Value | None:
    """What a method of something unknown gives; None where its use tells nothing of what it is."""
    receiver = by_use.receiver(name, given, scope_self(run))
    if isinstance(receiver, Dataset) and not by_use.may_be_tf_data(row[2] for row in run.imports):
        return None
    return (
        _library(run, f"{class_name(receiver)}.{name}", "", receiver, given) if receiver is not None else None
    )


def _unknown_method(run: Interpreter, name: str, given: Given) -> Value:
    """A method of something unknown."""
    made = record(run, f"?.{name}", "", UNKNOWN, given)
    _callbacks(run, given)
    if name == "reshape" and given.args:
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


# The user's own code


def _own_function(run: Interpreter, func: Function, given: Given) -> Value:
    parameters = tuple(p.name for p in func.node.params)
    made = record(run, f"def {func.name}", "", func.bound, given, parameters)
    made.callee = func
    if _is_refused(func, given):
        return UNKNOWN
    outer, run.caller = run.caller, made
    made.result = evaluate_for(run, func, given)
    run.caller = outer
    own = func.bound is None and not func.decorators and func.only
    lost = run.lost is func and own and func.node.piece.source is given.node.piece.source
    run.ended_in = given.node if lost else None
    return made.result


def _one_of(run: Interpreter, func: Choice, given: Given) -> Value:
    """What one of several functions gives: a model of unknown size where each makes one anew; else nothing is known."""
    chosen = record(run, "?", "", None, given)
    flavours: set[str] = set()
    for one in func.functions if not run.mapped else ():
        made = _by_itself(run, one, given)
        if not isinstance(made, Model) or not _is_made_in(one, made):
            return UNKNOWN
        flavours.add(made.flavour)
    if flavours:
        flavour = flavours.pop() if len(flavours) == 1 else ""
        chosen.result = Model(
            "unknown", flavour, chosen, complete=False, origin=Origin(given.node, "made here")
        )
    return chosen.result


def _is_made_in(func: Function, model: Model) -> bool:
    """Whether ``func`` makes ``model`` whenever it is called."""
    made = model.call
    if made is None or made.conditional or func.decorators:
        return False
    return any(one.function is not None and one.function.node is func.node for one in made.led_by())


def _by_itself(run: Interpreter, func: Function, given: Given) -> Value:
    """What ``func`` gave or gives for arguments nobody knows, as if no loop called it: each turn may call another.

    It counts as not called yet.
    """
    key = id(func.node)
    if key not in run.results:
        outer = run.loops, run.caller
        run.loops, run.caller = (), None
        evaluate_for(run, func, Given(given.node, (), {}, True))
        run.loops, run.caller = outer
        run.times.pop(key, None)
    return run.results.get(key, UNKNOWN)


def _is_refused(func: Function, given: Given) -> bool:
    """Whether the user's own function, called by its own name, cannot be called with these arguments, all written out."""
    name = tree.last_name(given.node.func)
    if name != func.name or not func.only or func.decorators or any(one.star for one in given.node.args):
        return False  # by another name it may be a part of it, as `functools.partial` makes them
    args = len(given.args) + (func.bound is not None and not func.static)
    return bool(binding.refusal(name, func.node.params, args, given.kwargs.keys()))


def evaluate_for(run: Interpreter, func: Function, given: Given) -> Value:
    """What the user's own function gives for these arguments; what it does counts as done where the call stands."""
    args = given.args if func.bound is None or func.static else (func.bound, *given.args)
    outer = _enter(run, given.node)
    result = run.evaluate(func, () if given.star else args, given.kwargs)
    run.site = outer
    return result


def _enter(run: Interpreter, node: tree.Call) -> tree.Expr | None:
    """Note that a call of the script itself led to what is evaluated next; the site to go back to."""
    outer = run.site
    if node.piece.source is run.project.source:
        run.site = node
    return outer


def _instantiate(run: Interpreter, cls: Class, given: Given) -> Value:
    made = record(run, f"class {cls.node.name}", "", cls, given)
    node = given.node
    caller, run.caller = run.caller, made
    outer = _enter(run, node)
    instance = run.instances.setdefault(id(cls), Instance(cls, origin=Origin(node, "made here")))
    if instance.origin is not None and instance.origin.node is not node:
        instance = Instance(cls, origin=Origin(node, "made here"))
    init = cls.method("__init__")
    if init is not None:
        run.evaluate(init.bind(instance), () if given.star else (instance, *given.args), given.kwargs)
    for parameter, value in given.kwargs.items():
        instance.attributes.setdefault(parameter, value)  # dataclasses and the like
    run.site = outer
    run.caller = caller
    made.result = instance
    return instance


def _call_instance(run: Interpreter, func: Instance, given: Given) -> Value:
    own = func.cls.method("__call__")
    if own is not None:
        return _own_function(run, own.bind(func), given)
    model = models.of_instance(func)
    if model is not None:
        return _call_model(run, model, given)
    base = func.cls.api_base()
    if base is not None and base.startswith("keras.") and base.endswith("Layer"):
        applied = models.apply_layer(models.layer_of(func), given.args, given.node)
        return _traced_layer(run, func, given.args, applied)
    return UNKNOWN


# Models and layers


def _call_model(run: Interpreter, model: Model, given: Given) -> Value:
    first = given.args[0] if given.args else None
    if isinstance(first, (KerasTensor, Items)):
        applied = models.apply_model(model, given.args, given.node)
        if applied is not None:
            return applied
    made = record(run, "keras.Model.__call__", model.flavour, model, given, ("inputs",))
    if isinstance(first, Array) and first.shape:
        models.build(model, (None, *first.shape[1:]))
    layers = preprocessing_layers(model)
    if layers and isinstance(first, Array):
        made.result = preprocessed(layers, first, given.node)
    else:
        made.result = _output(model, first, given)
    return made.result


def _output(model: Model, first: Value | None, given: Given) -> Array:
    """The tensor that a model gives for ``first``; its shape where the model's output is known."""
    output = model.output.shape if model.output is not None else None
    rows = first.length if isinstance(first, Array) else None
    shape = (rows, *output[1:]) if output else None
    dtype = "float32" if shape is not None else None
    return Array("tensor", dtype, shape, "network", origin=Origin(given.node, "the model's output"))


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
        start = models.input_of(args[0]) if args else None
        given = (start, *args[1:]) if start is not None else args
        output = run.evaluate(method.bind(layer), (layer, *given), {})
        applied.shape = models.output_shape(output)
        if start is not None and applied.layer is not None:
            applied.layer.model = models.between(start, output)
    return applied


def _is_unsized(applied: Value) -> TypeGuard[KerasTensor]:
    return isinstance(applied, KerasTensor) and applied.shape is None and bool(applied.inputs)
