"""Loops that build a network or freeze its layers: short ones over known elements are run turn by turn.

So each layer has its size, and it is known which are trained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from keras_memlint.analysis.abstract.networks import KerasTensor, Layer, Model
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import Instance, Items, Value
from keras_memlint.analysis.syntax import tree

# The deepest networks people write repeat a block 36 times.
_TURNS = 40
# A loop that trains is a loop over folds or settings, whatever else stands in it.
_TRAINS = frozenset(["compile", "evaluate", "fit", "fit_generator", "predict", "train_on_batch"])


def turns(iterated: Value, node: tree.For, scope: Scope) -> tuple[Value, ...] | None:
    """What a loop binds turn by turn; None unless it builds a network from a few known elements."""
    if not isinstance(iterated, Items) or not iterated.items or len(iterated.items) > _TURNS:
        return None
    freezes = isinstance(iterated.items[0], Layer) and _sets_trainable(node)
    return iterated.items if freezes or _builds(node, scope) else None


def is_builder(scope: Scope) -> bool:
    """Whether the code of ``scope`` is at work on a network: it holds symbolic tensors or an unfinished stack."""
    held = scope.names.get("self")
    values = [*scope.names.values(), *(held.attributes.values() if isinstance(held, Instance) else ())]
    return any(
        isinstance(value, KerasTensor)
        or (isinstance(value, Model) and value.kind == "sequential" and value.compiled is None)
        for value in values
    )


def _builds(node: tree.For, scope: Scope) -> bool:
    """Whether the loop's body applies something to a symbolic tensor, or adds layers to a stack."""
    tensors = {name for name, value in scope.names.items() if isinstance(value, KerasTensor)}
    stacks = {name for name, value in scope.names.items() if isinstance(value, Model)}
    held = isinstance(scope.names.get("self"), Instance)
    if not tensors and not stacks and not held:
        return False
    found = False
    for statement in node.body:
        for part in _walk(statement):
            if not isinstance(part, tree.Call):
                continue
            func = part.func
            if isinstance(func, tree.Attribute):
                if func.name in _TRAINS:
                    return False
                if func.name == "add":
                    owner = func.value
                    found = found or (isinstance(owner, tree.Name) and owner.id in stacks)
                    found = found or (held and isinstance(owner, tree.Attribute))
            found = found or any(name in tensors for name in _given(part))
    return found


def _sets_trainable(node: tree.For) -> bool:
    """Whether the loop's body says of each element whether it is trained, whatever the element is."""
    return any(
        isinstance(statement, tree.Assign)
        and any(
            isinstance(target, tree.Attribute) and target.name == "trainable" for target in statement.targets
        )
        for statement in node.body
    )


def _given(call: tree.Call) -> Iterator[str]:
    """The names among a call's arguments, also those in a list or tuple."""
    for argument in call.args:
        value = argument.value
        for part in value.elements if isinstance(value, tree.Sequence) else (value,):
            if isinstance(part, tree.Name):
                yield part.id


def _walk(node: tree.Node) -> Iterator[tree.Node]:
    """``node`` and everything below it."""
    stack: list[object] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack += part
        elif isinstance(part, tree.Node):
            yield part
            stack += [getattr(part, name) for name in _children(type(part))]


_NAMES: dict[type, tuple[str, ...]] = {}


def _children(kind: type[tree.Node]) -> tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = _fields(kind)
    return names


def _fields(kind: type[tree.Node]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in ("a", "b", "piece"))
