"""Whether a function does the same to each number it is given, so that it may be given a batch instead of a sample."""

from __future__ import annotations

from collections.abc import Callable

from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import Const, Function
from keras_memlint.analysis.syntax import tree

# Exact for each number by itself; ``exp`` and the like may round otherwise where several are computed at once.
_CALLS = frozenset(
    ["tf.abs", "tf.cast", "tf.math.abs", "tf.math.sqrt", "tf.math.square", "tf.sqrt", "tf.square"]
)
_OPERATORS = frozenset("+-*/")


def is_elementwise(function: Function, called: Callable[[tree.Call], str]) -> bool:
    """Whether ``function`` only casts numbers and computes with each of them and with numbers from outside.

    ``called`` gives the canonical name of what a call calls. False when in doubt.
    """
    node, scope = function.node, function.scope
    own = {parameter.name for parameter in node.params}
    if any(parameter.star for parameter in node.params) or not own:
        return False
    if isinstance(node, tree.Lambda):
        return _results(node.body, own, scope, called)
    for at, statement in enumerate(node.body):
        if isinstance(statement, tree.Return):
            last = at == len(node.body) - 1
            return last and statement.value is not None and _results(statement.value, own, scope, called)
        if isinstance(statement, tree.Assign) and all(
            isinstance(one, tree.Name) for one in statement.targets
        ):
            if not _is_plain(statement.value, own, scope, called):
                return False
            own |= {one.id for one in statement.targets if isinstance(one, tree.Name)}
        elif not (isinstance(statement, tree.ExprStmt) and isinstance(statement.value, tree.Constant)):
            return False
    return False


def _results(value: tree.Expr, own: set[str], scope: Scope, called: Callable[[tree.Call], str]) -> bool:
    """Whether all of a tuple that is returned, or the one value, are computed element by element, and any is."""
    parts = value.elements if isinstance(value, tree.Sequence) and value.kind == "tuple" else (value,)
    return all(_is_plain(part, own, scope, called) for part in parts) and not all(
        isinstance(part, tree.Name) for part in parts
    )


def _is_plain(node: tree.Expr, own: set[str], scope: Scope, called: Callable[[tree.Call], str]) -> bool:
    """Whether ``node`` is one of the names ``own``, or computed from one of them and what stands outside."""
    if isinstance(node, tree.Name):
        return node.id in own
    if isinstance(node, tree.Unary):
        return node.op == "-" and _is_plain(node.operand, own, scope, called)
    if isinstance(node, tree.Binary):
        if node.op not in _OPERATORS:
            return False
        sides = (node.left, node.right)
        # Two parts of an element may have axes of their own, which do not match any more when both are batches.
        return any(
            _is_plain(a, own, scope, called) and _is_number(b, own, scope) for a, b in (sides, sides[::-1])
        )
    if isinstance(node, tree.Call) and called(node) in _CALLS and node.args:
        first, *rest = node.args
        return (
            first.name in (None, "x")
            and not first.star
            and _is_plain(first.value, own, scope, called)
            and all(not one.star and _is_outside(one.value, own) for one in rest)
        )
    return False


def _is_number(node: tree.Expr, own: set[str], scope: Scope) -> bool:
    """Whether ``node`` is one number: an array from outside may have axes that fit a sample, but not a batch."""
    if isinstance(node, tree.Name) and node.id not in own:
        found = scope.find(node.id)
        return isinstance(found, Const) and isinstance(found.value, (int, float))
    return isinstance(node, tree.Constant) and isinstance(node.value, (int, float))


def _is_outside(node: tree.Expr, own: set[str]) -> bool:
    """Whether ``node`` is a literal or a name from outside the function, such as ``tf.float32``."""
    node = tree.root(node)
    return isinstance(node, tree.Constant) or (isinstance(node, tree.Name) and node.id not in own)
