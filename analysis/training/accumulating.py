"""Tensors that are put into a list: in each turn of a loop, or while a graph is traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call, Holding
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Array, Items, Object, Value
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script


@dataclass(frozen=True, slots=True)
class Accumulated:
    """An ``append`` of a tensor or a tape to a list that was made before. ``loop`` repeats it; None in a graph."""

    call: Call
    value: Value
    loop: Loop | None

    @property
    def turn_bytes(self) -> int | None:
        """What one turn adds; None when unknown."""
        return self.value.bytes if isinstance(self.value, Array) else None

    @property
    def bytes(self) -> int | None:
        """What all turns add; None when unknown."""
        turns = self.loop.trips if self.loop is not None else None
        return self.turn_bytes * turns if self.turn_bytes is not None and turns is not None else None


def accumulated(script: Script) -> Iterator[Accumulated]:
    """The calls of ``append`` that keep tensors which a loop, or a graph that is traced, makes; in order."""
    for call in script.calls("builtins.list.append"):
        value, kept = call.first(), call.receiver
        if not isinstance(kept, Items) or kept.origin is None or not _is_kept(script, value):
            continue
        if is_emptied(script, call):
            continue
        if call.traced is not None:
            if _is_outside(script, kept, call):
                yield Accumulated(call, value, None)
        elif call.loops and not call.mapped and not call.loops[-1].unrolled:
            loop = call.loops[-1]
            if not _contains(script, loop, kept):
                yield Accumulated(call, value, loop)


def appended(script: Script) -> list[Holding]:
    """What lists of the script get by ``append`` and are not relieved of, in order."""
    return [
        Holding(
            call.node,
            call.first(),
            call.node.args[0].value,
            call.loops,
            call.function,
            call.site,
            call.conditional,
        )
        for call in script.calls("builtins.list.append")
        if call.args and call.node.args and not is_emptied(script, call)
    ]


def is_emptied(script: Script, append: Call) -> bool:
    """Whether the list loses elements again where ``append`` repeats: ``clear``, ``pop``, or a new list of that name."""
    for call in script.calls("builtins.list.clear", "builtins.list.pop"):
        if call.receiver is append.receiver and call.traced is append.traced:
            if not append.loops or any(loop in append.loops for loop in call.loops):
                return True
    func = append.node.func
    return (
        bool(append.loops)
        and isinstance(func, tree.Attribute)
        and isinstance(func.value, tree.Name)
        and script.rebinds(append.loops[-1], func.value)
    )


def _is_kept(script: Script, value: Value) -> bool:
    """Whether ``value`` is a tensor that a network made, or a gradient tape that still holds what it recorded."""
    if isinstance(value, Array):
        return value.kind == "tensor" and value.source == "network"
    return isinstance(value, Object) and value.api == "tf.GradientTape" and not _is_spent(script, value)


def _is_spent(script: Script, tape: Object) -> bool:
    """Whether the tape was asked for its gradient and, not being persistent, has let go of all it recorded."""
    return any(
        one.gradients and not one.persistent and tape.call is not None and one.call.node is tape.call.node
        for one in script.tapes
    )


def _is_outside(script: Script, kept: Items, call: Call) -> bool:
    """Whether the list was made before the graph is traced: by the module, or when an instance was made."""
    assert kept.origin is not None and call.traced is not None
    node = kept.origin.node
    if not script.own(node) or not script.own(call.traced.node):
        return False
    function = script.function_at(script.place(node).start)
    return function is None or (function.name == "__init__" and call.function is not None)


def _contains(script: Script, loop: Loop, kept: Items) -> bool:
    """Whether the list is made in the loop, anew in each turn."""
    assert kept.origin is not None
    around, inside = script.place(loop.node), script.place(kept.origin.node)
    return around.source is inside.source and around.start <= inside.start < around.end
