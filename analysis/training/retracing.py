"""Calls of graph functions that TensorFlow traces again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import (
    Const,
    Dataset,
    Dict,
    Function,
    Items,
    Object,
    Scalar,
    Value,
)
from keras_memlint.analysis.reach.uses import Use
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.abstract.scopes import Loop
    from keras_memlint.analysis.script import Script

# What gives another number or string for each that it is given.
_OF_NUMBERS = ("builtins.float", "builtins.int", "builtins.str", "os.path.join")


@dataclass(frozen=True, slots=True)
class Retracing:
    """A call of a graph function that is traced again and again. ``loop`` gives the reason anew in each turn.

    ``why``: ``number`` (a Python number or string that varies, given as ``argument``), ``length`` (batches padded to
    their longest sample) or ``made`` (the function is made in the turn that calls it).
    """

    call: Call
    loop: Loop
    why: str
    argument: tree.Argument | None = None

    @property
    def traces(self) -> int | None:
        """How often it is traced, at most; None when unknown."""
        return self.loop.trips

    @property
    def each_call(self) -> bool:
        """Whether every call traces: the reason changes in the innermost loop around it."""
        return self.loop is self.call.loops[-1]


def retracings(script: Script) -> Iterator[Retracing]:
    """The calls that trace a graph function again and again, one reason each, in order."""
    seen: set[int] = set()
    for call in script.all_calls:
        function = call.callee
        if function is None or function.tracer is None or not call.loops:
            continue
        if call.traced is not None or call.mapped:
            continue  # part of another graph; that of a pipeline's function is made once, with the pipeline
        found = _made_anew(script, call, function) or _varying(script, call, function)
        if found is not None and id(call.node) not in seen:
            seen.add(id(call.node))
            yield found


def _made_anew(script: Script, call: Call, function: Function) -> Retracing | None:
    made = function.tracer
    by_call = made.call if isinstance(made, Object) else None
    around = by_call.loops if by_call is not None and by_call.args else function.loops
    if not around or around != call.loops[: len(around)] or around[-1].kind not in ("for", "while"):
        return None
    if around != call.loops:
        place = by_call.node if by_call is not None and by_call.args else function.node
        if around[-1].trips is None or around[-1].node not in script.names.around(place):
            return None  # perhaps a few turns, or a function that makes a model, too
        if _needs(script, function, around[-1]):
            return None
    return Retracing(call, around[-1], "made")


def _needs(script: Script, function: Function, loop: Loop) -> bool:
    """Whether ``function`` reads a name that each turn of ``loop`` may bind anew, such as the model of a fold."""
    body = function.node.body if isinstance(function.node, tree.FunctionDef) else ()
    names = [node for node, _ in tree.walk(*body) if isinstance(node, tree.Name)]
    local = {one.name for one in function.node.params}
    local |= {node.id for node in names if Use(node, script.names.around(node)).is_bound}
    return not body or any(node.id not in local and script.rebinds(loop, node) for node in names)


def _varying(script: Script, call: Call, function: Function) -> Retracing | None:
    made = function.tracer
    options = made.call if isinstance(made, Object) else None
    if options is not None and (options.star or options.arg("input_signature") is not None):
        return None  # numbers become tensors
    relaxed = options is not None and _is_true(
        options.arg("reduce_retracing") or options.arg("experimental_relax_shapes")
    )
    values = (*call.args, *call.kwargs.values())
    if call.star or len(values) != len(call.node.args):
        return None
    ordered = [one for one in call.node.args if one.name is None] + [
        one for one in call.node.args if one.name
    ]
    for argument, value in zip(ordered, values, strict=True):
        if _is_python_number(value):
            loop = _loop_of(script, call, argument.value)
            if loop is not None:
                return Retracing(call, loop, "number", argument)
        elif not relaxed and _is_padded_batch(call, argument.value):
            return Retracing(call, call.loops[-1], "length", argument)
    return None


def _is_true(value: Value | None) -> bool:
    return isinstance(value, Const) and value.value is True


def _is_python_number(value: Value) -> bool:
    """Whether it is a number or a string of Python's own, of which each value is traced; not a bool, which has two."""
    if isinstance(value, Scalar):
        return value.kind in ("int", "float", "str", "path")
    return isinstance(value, Const) and type(value.value) in (int, float, str)


def _loop_of(script: Script, call: Call, expression: tree.Expr) -> Loop | None:
    """The innermost loop around the call, in the same function, that counts what ``expression`` is computed from."""
    names = set(_counted(script, expression))
    here = script.place(call.node)
    for loop in reversed(call.loops):
        node = loop.node
        if not isinstance(node, (tree.For, tree.While)):
            return None
        around = script.place(node)
        if around.source is not here.source or not around.start <= here.start < around.end:
            return None  # a loop of the caller
        if not names.isdisjoint(_bound(node)):
            return loop
    return None


def _counted(script: Script, expression: tree.Expr) -> Iterator[str]:
    """The names whose own value makes ``expression`` another number or string.

    Not ``batch`` in ``len(batch)`` or ``batch.shape[0]``: nearly all batches have the same length.
    """
    if isinstance(expression, tree.Name):
        yield expression.id
    elif isinstance(expression, (tree.Binary, tree.Unary, tree.Conditional, tree.Formatted)):
        for part in tree.parts(expression):
            for one in part if isinstance(part, tuple) else (part,):
                if isinstance(one, tree.Expr):
                    yield from _counted(script, one)
    elif isinstance(expression, tree.Call) and script.called(expression) in _OF_NUMBERS:
        for argument in expression.args:
            yield from _counted(script, argument.value)


def _bound(loop: tree.For | tree.While) -> Iterator[str]:
    """The names that a loop counts with: its target, and what ``+=`` changes in it."""
    if isinstance(loop, tree.For):
        yield from (node.id for node, _ in tree.walk(loop.target) if isinstance(node, tree.Name))
    for statement in loop.body:
        if isinstance(statement, tree.AugAssign) and isinstance(statement.target, tree.Name):
            yield statement.target.id


def _is_padded_batch(call: Call, expression: tree.Expr) -> bool:
    """Whether ``expression`` is a name for a batch of the innermost loop, padded to no given length."""
    loop = call.loops[-1]
    if not isinstance(loop.node, tree.For) or not isinstance(loop.iter, Dataset):
        return False
    if not isinstance(expression, tree.Name) or expression.id not in set(_bound(loop.node)):
        return False
    for step in loop.iter.chain():
        if step.op == "padded_batch" and step.call is not None:
            return leaves_open(step.call.arg("padded_shapes"))
    return False


def leaves_open(shapes: Value | None) -> bool:
    """Whether some axis of ``padded_shapes`` is None or -1, so that each batch has its own length."""
    if isinstance(shapes, Items) and shapes.items is not None:
        return any(leaves_open(one) for one in shapes.items)
    if isinstance(shapes, Dict):
        return any(leaves_open(one) for one in shapes.entries.values())
    return isinstance(shapes, Const) and shapes.value in (None, -1)
