"""Arrays that each turn of a loop copies into a longer one: ``x = np.append(x, part)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Function, Items, Value
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

# Calls that take the parts in one list, and those that take them one by one.
_JOINS = ("numpy.concatenate", "numpy.vstack", "numpy.hstack", "numpy.dstack", "pandas.concat", "tf.concat")
_METHODS = ("pandas.DataFrame.append", "pandas.Series.append")
NAMES = (*_JOINS, "numpy.append", *_METHODS)


@dataclass(frozen=True, slots=True)
class Regrown:
    """One such copy: ``name`` is the array's, as written, ``part`` what is added, ``loops`` those in which it grows."""

    call: Call
    name: str
    part: Value
    loops: tuple[Loop, ...]


def regrown(script: Script) -> list[Regrown]:
    """All arrays that grow so in the script, or in functions of other modules that it calls, in order, one for each expression."""
    found: dict[int, Regrown] = {}
    for call in script.all_calls:
        if call.name in NAMES and call.loops and not (call.star or call.mapped or call.streamed):
            one = _regrown(call, script.around(call))
            if one is not None and not (call.function is not None and _is_cut(call.function, one)):
                found.setdefault(id(call.node), one)
    return list(found.values())


def _is_cut(function: Function, grown: Regrown) -> bool:
    """Whether ``function`` may make the array shorter again: it binds the name otherwise, or gives a part of it back."""
    for node in tree.below(function.node.body if isinstance(function.node, tree.FunctionDef) else ()):
        if isinstance(node, tree.Stmt) and not isinstance(node, tree.Return):
            value = node.value if isinstance(node, tree.Assign) else None
            if value is not grown.call.node and grown.name in map(tree.dotted, tree.targets(node)):
                if any(tree.dotted(one) == grown.name for one in tree.below([value] if value else ())):
                    return True
        elif isinstance(node, tree.Return) and isinstance(node.value, tree.Subscript):
            if tree.dotted(node.value.value) == grown.name:
                return True
    return False


def _regrown(call: Call, around: tuple[tree.Node, ...]) -> Regrown | None:
    statement = around[0] if around else None
    if (
        not isinstance(statement, tree.Assign)
        or statement.value is not call.node
        or len(statement.targets) != 1
    ):
        return None
    target = statement.targets[0]
    name = tree.dotted(target)
    parts = list(_parts(call)) if name else []
    if not any(tree.dotted(node) == name for node, _ in parts):
        return None
    added = next((value for node, value in parts if tree.dotted(node) != name), None)
    loops: list[Loop] = []
    for loop in reversed(call.loops):
        body = loop.node.body if isinstance(loop.node, (tree.For, tree.While)) else ()
        if not body or name in _bound(body, statement):
            break  # it begins anew in each turn
        loops.insert(0, loop)
    return Regrown(call, name, added, tuple(loops)) if loops and added is not None else None


def _parts(call: Call) -> Iterator[tuple[tree.Expr, Value]]:
    """The joined arrays, as written and as values; nothing where they are not written one by one."""
    nodes = [argument.value for argument in call.node.args if argument.name is None]
    if call.name in _JOINS:
        given = call.first()
        if nodes and isinstance(nodes[0], tree.Sequence) and isinstance(given, Items) and given.items:
            yield from zip(nodes[0].elements, given.items, strict=False)
        return
    if call.name in _METHODS and isinstance(call.node.func, tree.Attribute) and call.receiver is not None:
        yield call.node.func.value, call.receiver
    yield from zip(nodes[:2], call.args[:2], strict=False)


def _bound(body: tuple[tree.Stmt, ...], but: tree.Stmt) -> set[str]:
    """The names that every run of ``body`` assigns, save by the statement ``but``: ``if x is None: x = part`` does not."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, tree.Assign) and statement is not but:
            found |= {name for target in statement.targets for name in _names(target)}
        elif isinstance(statement, tree.With):
            found |= _bound(statement.body, but)
    return found


def _names(target: tree.Expr) -> Iterator[str]:
    """The names that an assignment to ``target`` binds."""
    if isinstance(target, tree.Sequence):
        for element in target.elements:
            yield from _names(element)
    elif isinstance(target, tree.Starred):
        yield from _names(target.value)
    elif name := tree.dotted(target):
        yield name
