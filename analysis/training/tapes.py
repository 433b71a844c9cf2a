"""Gradient tapes: where each is made, which gradients are asked of it, and what else happens to its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import FEW_TURNS, Loop, trips_of
from keras_memlint.analysis.abstract.values import Array, Const, Dataset, Object, UnknownValue
from keras_memlint.analysis.pipelines.drawing import drawn_from, draws_from_own
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_TAPE = "tf.GradientTape"
_APPLIES = ("apply", "apply_gradients", "assign_sub")
_WEIGHTS = ("trainable_variables", "trainable_weights", "variables", "weights")
_SETS = ("disk", "toy")  # where arrays come from that are no answers of an environment
# Words of scripts that learn from what an environment answers.
_PLAYS = re.compile(r"\b(?:gym|gymnasium|env|environment)\b|reward|episode|replay", re.IGNORECASE)
# What may be done with a tape beside asking it for a gradient, without needing it to be persistent.
_HARMLESS = ("watch", "watched_variables")


@dataclass(slots=True, eq=False, repr=False)
class Tape:
    """A tape that a ``with`` statement opens under a ``name``. ``call`` makes it.

    ``gradients`` are the calls of its ``gradient``, one for each place in the text. ``escapes``: more is done with the
    name than that and ``watch``, so that nobody knows how often it is asked, or how long it lives.
    """

    call: Call
    statement: tree.With
    name: str
    gradients: list[Call] = field(default_factory=list)
    escapes: bool = False

    @property
    def persistent(self) -> bool:
        """Whether it keeps what it recorded after the first gradient."""
        given = self.call.arg("persistent")
        return isinstance(given, Const) and given.value is True

    @property
    def asked_once(self) -> bool:
        """Whether it gives a single gradient: one place in the text, in no loop that the tape is not in as well."""
        return (
            not self.escapes
            and len(self.gradients) == 1
            and self.gradients[0].loops == self.call.loops
            and self.gradients[0].function is self.call.function
        )

    @property
    def recorded(self) -> list[Call]:
        """The gradients that are computed while the tape records, so that their own operations are recorded, too."""
        return [call for call in self.gradients if any(_is_of(value, self.call) for value in call.contexts)]

    def reads(self, script: Script) -> tuple[Dataset, ...]:
        """The pipelines of a training loop around it; empty where no loop takes more than a few batches and applies gradients."""
        for loop in reversed(self.call.loops):
            data = drawn_from(script, loop)
            if data is not None:
                if not self.gradients:
                    return ()
                return data if any(loop in call.loops for call in _applied(script)) else ()
        return ()

    def learns(self, script: Script) -> bool:
        """Whether a loop trains with it on data, batch by batch or all at once, rather than on what an environment gives."""
        loops = self.call.loops
        if self.reads(script):
            return True
        if not loops or not self.gradients or not any(loops[-1] in call.loops for call in _applied(script)):
            return False
        trips = trips_of(loops)
        if trips is not None and trips < FEW_TURNS:
            return False
        if len(loops) > 1 and draws_from_own(script, loops[-1]):
            return True
        if self.of_model and isinstance(script.counted(loops[-1].iter), UnknownValue):
            return True  # what is counted are batches, where a model learns from each
        if self.of_model and not plays(script):
            return True
        given = (
            one.x for one in script.forwards if any(_is_of(value, self.call) for value in one.call.contexts)
        )
        return any(_is_data(x, loops[-1]) for x in given)

    @property
    def of_model(self) -> bool:
        """Whether what it differentiates for are the weights of a model: ``model.trainable_variables``."""
        given = (call.argument_node("sources") for call in self.gradients)
        return any(one is not None and _names_weights(one.value) for one in given)

    @property
    def step(self) -> tree.Node:
        """The function that a loop calls with each batch, or else the statement in the loop."""
        function, caller = self.call.function, self.call.caller
        called = function is not None and caller is not None and self.call.loops == caller.loops
        return function.node if function is not None and called else self.statement

    def is_differentiated(self, gradient: Call) -> bool:
        """Whether a later gradient of this tape may be one of what ``gradient`` gave: a second derivative.

        It is not where names alone are differentiated later, none of which is bound or changed from ``gradient`` on.
        """
        bound: set[str] = set()
        for statement in _from(self.statement, gradient.node):
            bound |= {name for node, _ in tree.walk(statement) for name in _targets(node)}
        for later in self.gradients:
            if later.order <= gradient.order:
                continue
            target = later.argument_node("target")
            if target is None or not isinstance(target.value, tree.Name) or target.value.id in bound:
                return True
        return False


def plays(script: Script) -> bool:
    """Whether the script's words say that something is learnt from what an environment answers."""
    return _PLAYS.search(script.source.text) is not None


def _names_weights(node: tree.Expr) -> bool:
    return isinstance(node, tree.Attribute) and node.name in _WEIGHTS


def tapes_of(script: Script) -> list[Tape]:
    """The tapes that ``with`` statements of the script itself open, in order."""
    found: dict[int, Tape] = {}
    for call in script.calls(_TAPE):
        known = found.get(id(call.node))
        if known is not None and call.traced is not None and not script.reached(known.call):
            known.call = call  # a graph calls the method, and nothing else does
        elif known is not None and call.loops and not known.call.loops and known.call.caller is None:
            known.call = call  # a function that stands below calls it in a loop
        if known is not None or not script.own(call.node):
            continue
        opened = _opened(script, call.node)
        if opened is not None:
            found[id(call.node)] = Tape(call, *opened)
    asked: dict[int, Call] = {}
    for call in script.calls(f"{_TAPE}.gradient"):
        made = call.receiver.call if isinstance(call.receiver, Object) else None
        tape = found.get(id(made.node)) if made is not None else None
        first = asked.get(id(call.node))
        if tape is not None and first is None:
            asked[id(call.node)] = call
            tape.gradients.append(call)
        elif (
            tape is not None
            and first in tape.gradients
            and made is tape.call
            and call.loops
            and not first.loops
        ):
            asked[id(call.node)] = tape.gradients[tape.gradients.index(first)] = call
    for tape in found.values():
        if tape.persistent:
            tape.escapes = _escapes(script, tape, asked)
    return list(found.values())


def _opened(script: Script, node: tree.Call) -> tuple[tree.With, str] | None:
    """The ``with`` statement that opens the tape, and its name there; None when it is opened in another way."""
    statement = script.statement_at(script.place(node).start)
    if isinstance(statement, tree.With):
        for context, target in statement.items:
            if context is node and isinstance(target, tree.Name):
                return statement, target.id
    return None


def _escapes(script: Script, tape: Tape, asked: dict[int, Call]) -> bool:
    """Whether the tape's name is used for more than gradients, in the function it stands in or in the whole script."""
    function = script.function_at(script.place(tape.call.node).start)
    roots: tuple[tree.Node, ...] = (function,) if function is not None else script.parsed.statements
    own = {id(call.node.func) for call in tape.gradients}
    others = {id(call.node.func) for call in asked.values()} - own
    counted = 0
    for node, outer in tree.walk(*roots):
        if not isinstance(node, tree.Name) or node.id != tape.name:
            continue
        if isinstance(outer, tree.Attribute):
            if id(outer) in own:
                counted += 1
            elif id(outer) not in others and outer.name not in _HARMLESS:
                return True
        elif not isinstance(outer, (tree.With, tree.Delete)):
            return True
    return counted != len(own)


def changes_one_variable(step: Call) -> bool:
    """Whether ``step`` applies the gradient of a single name: ``apply_gradients([(gradient, image)])``."""
    given = step.node.args[0].value if step.node.args else None
    if not step.name.endswith(".apply_gradients") or not isinstance(given, tree.Sequence):
        return False
    pair = given.elements[0] if len(given.elements) == 1 else None
    return isinstance(pair, tree.Sequence) and all(isinstance(one, tree.Name) for one in pair.elements)


def _applied(script: Script) -> Iterator[Call]:
    """The calls that change weights by gradients."""
    return (call for call in script.all_calls if call.name.rpartition(".")[2] in _APPLIES)


def _is_data(x: Array, loop: Loop) -> bool:
    """Whether ``x`` is a data set, or a batch that ``loop`` takes of one."""
    inside = {id(node) for node, _ in tree.walk(loop.node)}
    taken = (step for step in (x.origin.steps() if x.origin is not None else ()) if id(step.node) in inside)
    return x.source in _SETS or any(step.did(steps.SLICED, steps.PICKED) for step in taken)


def _is_of(value: object, call: Call) -> bool:
    return isinstance(value, Object) and value.call is not None and value.call.node is call.node


def _from(statement: tree.With, node: tree.Node) -> Iterator[tree.Stmt]:
    """The statements of the block from the one with ``node`` on."""
    started = False
    for one in statement.body:
        started = started or any(inner is node for inner, _ in tree.walk(one))
        if started:
            yield one


def _targets(node: tree.Node) -> Iterator[str]:
    """The names that an assignment or loop binds or changes an item of, and the one whose method a statement calls."""
    targets: tuple[tree.Expr, ...] = ()
    if isinstance(node, tree.Assign):
        targets = node.targets
    elif isinstance(node, (tree.AugAssign, tree.AnnAssign, tree.For, tree.Assignment, tree.Generator)):
        targets = (node.target,)
    elif isinstance(node, tree.ExprStmt) and isinstance(node.value, tree.Call):
        called = node.value.func
        targets = (called.value,) if isinstance(called, tree.Attribute) else ()  # `losses.append(…)`
    for target in targets:
        for inner, _ in tree.walk(target):
            if isinstance(inner, tree.Name):
                yield inner.id
