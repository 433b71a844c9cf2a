"""Loops and comprehensions, entered once with their membership remembered; those that build a network turn by turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Collected
from keras_memlint.analysis.abstract.scopes import Growth, Loop, Scope
from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Dict, Items, Origin, Value
from keras_memlint.analysis.interpret import binding, branches, storing, unrolling
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def while_(run: Interpreter, node: tree.While, scope: Scope) -> bool:
    run.eval(node.test, scope)
    _once(run, Loop(node, "while", UNKNOWN, None), node.body, scope)
    return run.run(node.orelse, scope)


def for_(run: Interpreter, node: tree.For, scope: Scope) -> bool:
    iterated = run.eval(node.iter, scope)
    element, trips = binding.iterate(iterated)
    loop = Loop(node, "for", iterated, trips)
    turns = unrolling.turns(iterated, node, scope)
    if turns is not None:
        _unrolled(run, node, turns, loop, scope)
    else:
        _once(run, loop, node.body, scope, lambda: storing.store(run, node.target, element, scope, node))
    return run.run(node.orelse, scope)


def _once(
    run: Interpreter,
    loop: Loop,
    body: tuple[tree.Stmt, ...],
    scope: Scope,
    start: Callable[[], None] | None = None,
) -> None:
    """Evaluate a loop's body once, inside it; what it binds is joined with what was bound before."""
    outer = run.loops
    run.loops = (*outer, loop)
    run.nests.append(run.loops)
    before = dict(scope.names)
    if start is not None:
        start()
    run.run(body, scope)
    run.loops = outer
    for name, value in scope.names.items():
        if value is UNKNOWN and _is_number(before.get(name)):
            del before[name]  # a count that the loop adds to is not what it was
    branches.merge(scope, before)


def _is_number(value: Value | None) -> bool:
    return (
        isinstance(value, Const)
        and isinstance(value.value, (int, float))
        and not isinstance(value.value, bool)
    )


def _unrolled(run: Interpreter, node: tree.For, turns: tuple[Value, ...], loop: Loop, scope: Scope) -> None:
    """Evaluate a loop that builds a network turn by turn."""
    loop.unrolled = True
    outer = run.loops
    run.loops = (*outer, loop)
    for value in turns:
        storing.store(run, node.target, value, scope, node)
        if run.run(node.body, scope) and run.left != "continue":
            break
    run.loops = outer


def comprehension(run: Interpreter, node: tree.Comprehension, scope: Scope) -> Value:
    inner = Scope("function", scope)
    outer = run.loops
    length: int | None = 1
    filtered = False
    for generator in node.generators:
        iterated = run.eval(generator.iter, inner)
        element, trips = binding.iterate(iterated)
        loop = Loop(node, "comprehension", iterated, trips)
        run.loops = (*run.loops, loop)
        storing.store(run, generator.target, element, inner, generator)
        for test in generator.ifs:
            run.eval(test, inner)
            filtered = True
        length = length * trips if length is not None and trips is not None and not generator.ifs else None
    key = run.eval(node.key, inner) if node.key is not None else None
    value = run.eval(node.element, inner)
    grown = Growth(run.loops, filtered)
    run.loops = outer
    if key is not None:
        return Dict(element=value)
    items = Items(node.kind, None, value, length, [grown], origin=Origin(node, "collected here"))
    if node.kind == "list" and not filtered:
        own = grown.loops[len(outer) :]
        run.collected.append(Collected(node, items, own, run.mapped > 0, run.led_to(node)))
    return items
