"""Arrays of an enclosing scope that functions which become graphs give to TensorFlow: each is a constant of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Layer
from keras_memlint.analysis.abstract.values import Array, Function, Instance, Items, Value
from keras_memlint.analysis.interpret.graph_functions import is_traced
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script

# What makes a tensor of an array it is given, and what of that does not, or is another question.
_CONVERTS = ("tf.", "keras.ops.", "keras.backend.")
_NOT = (
    "tf.Variable",
    "tf.TensorSpec",
    "tf.config.",
    "tf.data.",
    "tf.debugging.",
    "tf.function",
    "tf.is_tensor",
    "tf.lookup.",
    "tf.rank",
    "tf.shape",
    "tf.size",
    "tf.summary.",
    "keras.backend.int_shape",
    "keras.backend.ndim",
    "keras.backend.set_value",
    "keras.backend.variable",
    "keras.ops.ndim",
    "keras.ops.shape",
    "keras.ops.size",
)
_PYTHON = ("tf.py_function", "tf.numpy_function", "tf.compat.v1.py_func", "tf.py_func")
_LAYERS = ("keras.Layer", "keras.layers.Layer", "keras.Model", "keras.Sequential")


@dataclass(frozen=True, slots=True)
class Captured:
    """An array that is no argument of the function it is used in. ``given`` is its expression in the arguments of ``call``.

    ``where``: ``graph function``, ``pipeline``, ``layer`` or ``loss``: what makes a graph of the function.
    """

    call: Call
    given: tree.Expr
    array: Array
    where: str

    @property
    def function(self) -> Function:
        """The function that captures it."""
        assert self.call.function is not None
        return self.call.function


def captured(script: Script) -> Iterator[Captured]:
    """Each such array once for a function, in order; not where the script has functions run eagerly."""
    passed = _passed(script)
    python = {id(inner) for call in script.calls(*_PYTHON) for inner in call.inner}
    losses = _losses(script)
    seen: set[tuple[int, int | None, int]] = set()
    for call in script.all_calls:
        function = call.function
        if function is None or call.star or id(call) in python or not _converts(call.name):
            continue
        graph = call.traced or function
        for given, value in _arguments(call):
            origin = value.origin
            if not isinstance(value, Array) or origin is None or value.kind not in ("ndarray", "memmap"):
                continue
            key = id(origin.node), value.bytes, id(function.node)
            if key in seen or (id(graph.node), id(origin)) in passed or not _is_outer(given, function):
                continue
            where = _where(script, call, function, losses)
            if where is not None:
                seen.add(key)
                yield Captured(call, given, value, where)


def _converts(name: str) -> bool:
    return name.startswith(_CONVERTS) and not name.startswith(_NOT)


def _where(script: Script, call: Call, function: Function, losses: set[int]) -> str | None:
    if call.mapped:
        return "pipeline"
    if script.runs_eagerly:
        return None
    if call.traced is not None:
        return "graph function"
    if next(iter(script.trainings), None) is None:
        return None
    owner = function.bound
    if function.name == "call" and isinstance(owner, Instance) and owner.cls.api_base() in _LAYERS:
        return "layer"
    if any(one.function is not None and id(one.function.node) in losses for one in call.led_by()):
        return "loss"
    return None


def _losses(script: Script) -> set[int]:
    """The nodes of the functions that models are compiled with, and of those that ``Lambda`` layers call."""
    found: set[int] = set()
    for call in script.calls("keras.Model.compile"):
        for name in ("loss", "metrics"):
            value = call.arg(name)
            for one in (value.items or ()) if isinstance(value, Items) else (value,):
                if isinstance(one, Function):
                    found.add(id(one.node))
    for call in script.calls("keras.layers.Lambda"):
        layer = call.result
        function = layer.config.get("function") if isinstance(layer, Layer) else None
        if isinstance(function, Function):
            found.add(id(function.node))
    return found


def _passed(script: Script) -> set[tuple[int, int]]:
    """Graph functions, with the origins of what they are called with: tensors there."""
    return {
        (id(call.callee.node), id(value.origin))
        for call in script.all_calls
        if call.callee is not None and is_traced(call.callee)
        for value in (*call.args, *call.kwargs.values())
    }


def _arguments(call: Call) -> Iterator[tuple[tree.Expr, Value]]:
    """The arguments' expressions with their values."""
    positional = iter(call.args)
    for argument in call.node.args:
        if argument.name is not None:
            value = call.kwargs.get(argument.name)
        else:
            value = next(positional, None)
        if value is not None:
            yield argument.value, value


def _is_outer(given: tree.Expr, function: Function) -> bool:
    """Whether ``given`` is a name that ``function`` does not bind, an attribute of ``self``, or a part of such a one."""
    depth = 0
    while isinstance(given, (tree.Attribute, tree.Subscript)):
        depth += isinstance(given, tree.Attribute)
        given = given.value
    if not isinstance(given, tree.Name):
        return False
    if depth and function.bound is not None and function.node.params:
        if given.id == function.node.params[0].name:
            return True
    return given.id not in _own(function.node)


def _own(node: tree.FunctionDef | tree.Lambda) -> set[str]:
    """The names that a function binds: its parameters, and what its body assigns."""
    found = {parameter.name for parameter in node.params}
    if isinstance(node, tree.FunctionDef):
        for statement in node.body:
            found |= tree.bound_names(statement)
    return found
