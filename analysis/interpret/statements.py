"""What each kind of statement does: ``STATEMENTS`` finds it by the node's type.

A handler says True when the end of its statement is never reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.abstract.joining import any_item, join
from keras_memlint.analysis.abstract.scopes import Growth, Scope
from keras_memlint.analysis.abstract.values import Api, Items
from keras_memlint.analysis.facts.ending import RAISING_CONTEXTS
from keras_memlint.analysis.interpret import (
    arithmetic,
    branches,
    calling,
    definitions,
    imports,
    loops,
    storing,
)
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def expression_statement(run: Interpreter, node: tree.ExprStmt, scope: Scope) -> bool:
    value = run.eval(node.value, scope)
    if isinstance(value, Api) and isinstance(node.value, (tree.Attribute, tree.Name)):
        run.bare.append((value, node.value))
    return calling.never_returns(run, node.value)


def assign(run: Interpreter, node: tree.Assign, scope: Scope) -> bool:
    value = run.eval(node.value, scope)
    for target in node.targets:
        storing.store(run, target, value, scope, node)
    return calling.never_returns(run, node.value)


def ann_assign(run: Interpreter, node: tree.AnnAssign, scope: Scope) -> bool:
    if node.value is not None:
        storing.store(run, node.target, run.eval(node.value, scope), scope, node)
    return False


def aug_assign(run: Interpreter, node: tree.AugAssign, scope: Scope) -> bool:
    before = run.eval(node.target, scope)
    value = run.eval(node.value, scope)
    if isinstance(before, Items) and node.op == "+" and isinstance(value, Items):
        before.element = join(any_item(before), any_item(value))
        before.items = before.length = None
        before.grown.append(Growth(run.loops, run.branches > 0))
        return False
    result = arithmetic.binary(node.op, before, value, node.target, in_place=True)
    storing.store(run, node.target, result, scope, node)
    return False


def return_(run: Interpreter, node: tree.Return, scope: Scope) -> bool:
    run.left = "return"
    if node.value is not None:
        run.returned.append(run.eval(node.value, scope))
    return True


def raise_(run: Interpreter, node: tree.Raise, scope: Scope) -> bool:
    if node.value is not None:
        run.eval(node.value, scope)
    return True


def jump(run: Interpreter, node: tree.Jump, _scope: Scope) -> bool:
    run.left = node.kind
    return True


def assert_(run: Interpreter, node: tree.Assert, scope: Scope) -> bool:
    run.eval(node.test, scope)
    return False


def delete(_run: Interpreter, node: tree.Delete, scope: Scope) -> bool:
    targets = node.target.elements if isinstance(node.target, tree.Sequence) else (node.target,)
    for target in targets:
        if isinstance(target, tree.Name):
            scope.names.pop(target.id, None)
    return False


def global_(_run: Interpreter, node: tree.Global, scope: Scope) -> bool:
    scope.declared.update(node.names)
    return False


def with_(run: Interpreter, node: tree.With, scope: Scope) -> bool:
    outer = run.contexts
    for context, target in node.items:
        value = run.eval(context, scope)
        run.contexts = (*run.contexts, value)
        if target is not None:
            storing.store(run, target, value, scope, node)
    ended = run.run(node.body, scope)
    run.contexts = outer
    if ended and isinstance(run.stopped, tree.Raise):
        return all(_raises_through(context) for context, _ in node.items)
    return ended


def _raises_through(context: tree.Expr) -> bool:
    return tree.last_name(context.func if isinstance(context, tree.Call) else context) in RAISING_CONTEXTS


STATEMENTS: dict[type, Callable[[Interpreter, Any, Scope], bool]] = {
    tree.ExprStmt: expression_statement,
    tree.Assign: assign,
    tree.AnnAssign: ann_assign,
    tree.AugAssign: aug_assign,
    tree.Return: return_,
    tree.Raise: raise_,
    tree.Jump: jump,
    tree.Assert: assert_,
    tree.Delete: delete,
    tree.Import: imports.import_,
    tree.ImportFrom: imports.import_from,
    tree.Global: global_,
    tree.If: branches.if_,
    tree.While: loops.while_,
    tree.For: loops.for_,
    tree.Try: branches.try_,
    tree.With: with_,
    tree.FunctionDef: definitions.function_def,
    tree.ClassDef: definitions.class_def,
    tree.Match: branches.match,
}
