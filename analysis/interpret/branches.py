"""Branches: those that a known value decides, and what is known after the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.joining import choose, join
from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import UNKNOWN, Class, Const, Instance, Value, const
from keras_memlint.analysis.interpret import arithmetic, data_format, unrolling
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def if_(run: Interpreter, node: tree.If, scope: Scope) -> bool:
    test = run.eval(node.test, scope)
    literal = const(test) if isinstance(node.test, (tree.Constant, tree.Name)) else None
    if literal is False or (literal == 0 and isinstance(node.test, tree.Constant)):
        return run.run(node.orelse, scope)
    if literal is True and _is_asked_for(run, node.test):
        return run.run(node.body, scope)
    if _cuts(node) and const(test) is True and _is_set_here(run, node.test, scope):
        return run.run(node.body, scope)  # a trial with a few samples
    if run.function is not None and _is_other_word(run, node.test, scope):
        return run.run(node.orelse, scope)
    known = decided(run, node.test, test, scope)
    if known is None and run.function is not None and any(map(_makes_input, node.body)):
        known = _outcome(run, node.test, test, scope)
    if known is not None:
        return run.run(node.body if known else node.orelse, scope)
    main = _is_main_guard(node.test)
    run.branches += not main
    before = scope.names
    scope.names = dict(before)
    ended = run.run(node.body, scope)
    taken = scope.names
    scope.names = dict(before)
    other = run.run(node.orelse, scope)
    run.branches -= not main
    if ended and not other:
        return False
    if other and not ended:
        scope.names = taken
        return False
    if main:
        scope.names = {**scope.names, **taken}
    else:
        merge(scope, taken, choose)
    return ended and other


def _makes_input(statement: tree.Stmt) -> bool:
    """Whether it is the first of a network: ``x = Input(shape)``, as in ``if x is None:``."""
    value = statement.value if isinstance(statement, tree.Assign) else None
    return isinstance(value, tree.Call) and tree.last_name(value.func) == "Input"


def _is_asked_for(run: Interpreter, test: tree.Expr) -> bool:
    """Whether ``test`` is a parameter that this very call of the function gives by name: ``load(grayscale=True)``."""
    caller = run.caller
    if caller is None or caller.callee is None or not isinstance(test, tree.Name):
        return False
    return caller.callee is run.function and const(caller.kwargs.get(test.id, UNKNOWN)) is True


def _is_set_here(run: Interpreter, test: tree.Expr, scope: Scope) -> bool:
    """Whether the flag ``test`` is the program's own, and nothing that others may give, as an option or an argument."""
    if isinstance(test, tree.Attribute):
        return isinstance(run.eval(test.value, scope), (Class, Instance))
    function = run.function
    return (
        function is None
        or not isinstance(test, tree.Name)
        or all(one.name != test.id for one in function.node.params)
    )


def _cuts(node: tree.If) -> bool:
    """Whether a flag does nothing but to leave a few samples of the data: ``if config.debug: x = x[:100]``."""
    if node.orelse or not isinstance(node.test, (tree.Attribute, tree.Name)):
        return False
    return all(_is_cut(one) or _is_printed(one) for one in node.body)


def _is_printed(statement: tree.Stmt) -> bool:
    call = statement.value if isinstance(statement, tree.ExprStmt) else None
    return isinstance(call, tree.Call) and isinstance(call.func, tree.Name) and call.func.id == "print"


def _is_cut(statement: tree.Stmt) -> bool:
    """Whether ``statement`` is ``x = x[:100]``."""
    if not isinstance(statement, tree.Assign) or len(statement.targets) != 1:
        return False
    target, value = statement.targets[0], statement.value
    if not isinstance(target, tree.Name) or not isinstance(value, tree.Subscript) or len(value.items) != 1:
        return False
    part, owner = value.items[0], value.value
    return (
        isinstance(part, tree.Slice)
        and isinstance(part.upper, (tree.Constant, tree.Name))
        and isinstance(owner, tree.Name)
        and owner.id == target.id
    )


def conditional(run: Interpreter, node: tree.Conditional, scope: Scope) -> Value:
    known = decided(run, node.test, run.eval(node.test, scope), scope)
    if known is not None:
        return run.eval(node.body if known else node.orelse, scope)
    run.branches += 1
    found = choose(run.eval(node.body, scope), run.eval(node.orelse, scope))
    run.branches -= 1
    return found


def match(run: Interpreter, node: tree.Match, scope: Scope) -> bool:
    run.eval(node.subject, scope)
    for name in node.names:
        scope.bind(name, UNKNOWN)
    run.branches += 1
    for body in node.cases:
        before = dict(scope.names)
        run.run(body, scope)
        merge(scope, before, choose)
    run.branches -= 1
    return False


def try_(run: Interpreter, node: tree.Try, scope: Scope) -> bool:
    handled = bool(node.handlers)
    run.tries += handled
    ended = run.run(node.body, scope)
    run.tries -= handled
    if not ended:
        ended = run.run(node.orelse, scope)
    after = scope.names
    run.tries += handled
    for name, body in node.handlers:
        scope.names = dict(after)
        if name is not None:
            scope.names[name] = UNKNOWN
        run.branches += 1
        left = run.run(body, scope)
        run.branches -= 1
        if not left:
            if ended:
                after, ended = scope.names, False
            else:
                merge(scope, after)
                after = scope.names
    run.tries -= handled
    scope.names = after
    return run.run(node.final, scope) or ended


def decided(run: Interpreter, test: tree.Expr, value: Value, scope: Scope) -> bool | None:
    """The outcome of a test on known numbers and flags in code that builds a network, and where channels are; else None.

    There a branch decides the shapes of all layers that follow, and each call is evaluated with its own arguments.
    """
    if data_format.is_asked(run, test):
        return _outcome(run, test, value, scope)
    inside = run.function is not None or (run.loops and run.loops[-1].unrolled)
    return _outcome(run, test, value, scope) if inside and unrolling.is_builder(scope) else None


def _outcome(run: Interpreter, test: tree.Expr, value: Value, scope: Scope) -> bool | None:
    """Whether a test on literals holds; None when that is not known."""
    if isinstance(test, tree.Boolean):
        sides = [_outcome(run, side, run.eval(side, scope), scope) for side in (test.left, test.right)]
        decisive = test.op == "or"
        return decisive if decisive in sides else None if None in sides else not decisive
    if isinstance(test, tree.Unary) and test.op == "not":
        found = _outcome(run, test.operand, run.eval(test.operand, scope), scope)
        return None if found is None else not found
    if isinstance(test, tree.Compare) and len(test.ops) == 1:
        left, right = run.eval(test.left, scope), run.eval(test.rights[0], scope)
        if isinstance(test.left, tree.Name) and isinstance(right, Const) and right.value is None:
            known = isinstance(left, (Const, KerasTensor))
            absent = isinstance(left, Const) and left.value is None
            return {"is": absent, "is not": not absent}.get(test.ops[0]) if known else None
        if isinstance(left, Const) and isinstance(right, Const):
            return arithmetic.compared(test.ops[0], left.value, right.value)
        return None
    known = const(value)
    return known if isinstance(known, bool) else None


def _is_other_word(run: Interpreter, test: tree.Expr, scope: Scope) -> bool:
    """Whether ``test`` is ``mode == "train"`` and the local name ``mode`` is known to be another word."""
    if not isinstance(test, tree.Compare) or test.ops != ("==",) or not isinstance(test.left, tree.Name):
        return False
    local, right = scope.names.get(test.left.id), run.eval(test.rights[0], scope)
    if not isinstance(local, Const) or not isinstance(right, Const):
        return False
    return isinstance(local.value, str) and isinstance(right.value, str) and local.value != right.value


def merge(scope: Scope, other: dict[str, Value], joined: Callable[[Value, Value], Value] = join) -> None:
    """Join the names of another branch into the scope's; ``joined`` says what two values give."""
    names = scope.names
    for name, value in other.items():
        mine = names.get(name)
        if mine is None:
            names[name] = value
        elif mine is not value:
            names[name] = joined(mine, value)


def _is_main_guard(test: tree.Expr) -> bool:
    return isinstance(test, tree.Compare) and isinstance(test.left, tree.Name) and test.left.id == "__name__"
