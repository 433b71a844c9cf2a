"""What the turns of a loop give other values, and data that they have in another order, which is the same all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.scopes import Loop
    from keras_memlint.analysis.script import Script

_PERMUTATION = ("numpy.random.permutation", "numpy.random.Generator.permutation")
_SHUFFLE = "sklearn.utils.shuffle"


def rebinds(script: Script, loop: Loop, node: tree.Expr) -> bool:
    """Whether ``loop`` may give a name another value, see ``Script.rebinds``."""
    node = tree.root(node)
    if not isinstance(node, tree.Name) or not isinstance(loop.node, (tree.For, tree.While)):
        return not isinstance(node, tree.Constant)
    if loop.node not in script.bound:
        script.bound[loop.node] = tree.bound_names(loop.node)
    return node.id in script.bound[loop.node]


def is_reordered(script: Script, loop: Loop, node: tree.Expr) -> bool:
    """Whether all that ``loop`` makes of the name ``node`` is what it was, or a name that stays as it is, shuffled.

    ``x = x[np.random.permutation(len(x))]``, ``x, y = shuffle(x, y)``.
    """
    made = _made(loop, node)
    if made is None or not isinstance(node, tree.Name):
        return False
    target, value = made.targets[0], made.value
    parts = target.elements if isinstance(target, tree.Sequence) else (target,)
    at = next((n for n, part in enumerate(parts) if isinstance(part, tree.Name) and part.id == node.id), -1)
    if isinstance(value, tree.Call) and script.called(value) == _SHUFFLE:
        if any(one.star or one.name not in (None, "random_state") for one in value.args):
            return False  # as `n_samples`, which leaves some out
        given = [one.value for one in value.args if one.name is None]
        return 0 <= at < len(given) == len(parts) and _is_kept(script, loop, given[at], node)
    if isinstance(value, tree.Sequence) and 0 <= at < len(value.elements) == len(parts):
        value = value.elements[at]  # `x, y = x[order], y[order]`
    return (
        isinstance(value, tree.Subscript)
        and len(value.items) == 1
        and _is_permutation(script, loop, value.items[0])
        and _is_kept(script, loop, value.value, node)
    )


def is_remade(script: Script, loop: Loop, node: tree.Expr) -> bool:
    """Whether ``node`` is an endless generator that each turn of ``loop`` makes anew, of what stays as it is.

    ``batches = endless(x, 32)``: a function of the user's own that yields within ``while True:``.
    """
    made = _made(loop, node)
    value = made.value if made is not None else node
    if not isinstance(value, tree.Call) or any(
        one.star or script.rebinds(loop, one.value) for one in value.args
    ):
        return False
    callees = (call.callee for call in script.all_calls if call.node is value)
    return any(callee is not None and _is_endless(callee.node) for callee in callees)


def _is_endless(function: tree.FunctionDef | tree.Lambda) -> bool:
    """Whether it yields in a loop that nothing ends, as ``while True:`` without ``break`` or ``return``."""
    if not isinstance(function, tree.FunctionDef) or not function.is_generator:
        return False
    loops = [
        one for one in _own_statements(function.body) if isinstance(one, tree.While) and _is_true(one.test)
    ]
    return any(_is_never_left(loop) for loop in loops)


def _is_never_left(loop: tree.While) -> bool:
    inside = list(_own_statements(loop.body))
    ends = tree.has_break(loop.body) or any(isinstance(one, (tree.Return, tree.Raise)) for one in inside)
    return not ends and any(
        isinstance(one, tree.ExprStmt) and isinstance(one.value, tree.Yield) for one in inside
    )


def _own_statements(body: tuple[tree.Stmt, ...]) -> Iterator[tree.Stmt]:
    """The statements of a body and of the blocks in it, without those of functions and classes defined there."""
    for statement in body:
        yield statement
        if not isinstance(statement, (tree.FunctionDef, tree.ClassDef)):
            for block in tree.blocks(statement):
                yield from _own_statements(block)


def _is_true(test: tree.Expr) -> bool:
    return (isinstance(test, tree.Constant) and bool(test.value)) or (
        isinstance(test, tree.Name) and test.id == "True"
    )


def _made(loop: Loop, node: tree.Expr) -> tree.Assign | None:
    """The assignment that binds the name ``node`` in ``loop``; None unless there is one, and nothing else does."""
    found = list(_binding(loop, node.id)) if isinstance(node, tree.Name) else []
    made = found[0] if len(found) == 1 else None
    return made if isinstance(made, tree.Assign) and len(made.targets) == 1 else None


def _binding(loop: Loop, name: str) -> Iterator[tree.Node]:
    """The statements of ``loop`` that bind ``name`` or change a part of what it stands for."""
    for node, _ in tree.walk(loop.node):
        if isinstance(node, (tree.For, tree.With)):
            targets = (node.target,) if isinstance(node, tree.For) else [target for _, target in node.items]
            inside = (one for target in targets if target is not None for one, _ in tree.walk(target))
            if any(isinstance(one, tree.Name) and one.id == name for one in inside):
                yield node
        elif isinstance(node, (tree.Assign, tree.AugAssign, tree.AnnAssign, tree.Delete)):
            if name in tree.bound_names(node):
                yield node


def _is_permutation(script: Script, loop: Loop, index: tree.Expr) -> bool:
    """Whether ``index`` draws all elements in another order, or is a name for that."""
    made = _made(loop, index)
    drawn = made.value if made is not None else index
    return isinstance(drawn, tree.Call) and script.called(drawn) in _PERMUTATION


def _is_kept(script: Script, loop: Loop, base: tree.Expr, name: tree.Name) -> bool:
    """Whether ``base`` is ``name`` itself, or nothing that the loop changes."""
    return (isinstance(base, tree.Name) and base.id == name.id) or not script.rebinds(loop, base)
