"""Where a script uses a name, and what stands around each use: what a fix must know before it changes a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from keras_memlint.analysis import tree
from keras_memlint.analysis.script import Script


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a name. ``around`` are the nodes it stands in, innermost first."""

    node: tree.Name
    around: tuple[tree.Node, ...]


def uses_of(script: Script, name: str) -> list[Use] | None:
    """Every use of ``name`` in the script's expressions, targets included, in order.

    A function with a parameter of that name has its own. None when anything but an assignment binds it: an import, a
    definition, ``global``, an exception.
    """
    found: list[Use] = []
    for node, around in _walk(script, name):
        if isinstance(node, tree.Name):
            if node.id == name:
                found.append(Use(node, around))
        elif name in _bound(node):
            return None
    return found


def around(script: Script, node: tree.Node) -> tuple[tree.Node, ...]:
    """The nodes that ``node`` stands in, innermost first; empty when it is not part of the script."""
    return next((outer for one, outer in _walk(script) if one is node), ())


def _walk(script: Script, name: str = "") -> Iterator[tuple[tree.Node, tuple[tree.Node, ...]]]:
    """Every node of the script with what it stands in, in order; no function body with a parameter ``name``."""
    stack: list[tuple[tree.Node, tuple[tree.Node, ...]]] = [
        (s, ()) for s in reversed(script.parsed.statements)
    ]
    while stack:
        node, around = stack.pop()
        yield node, around
        inner = (node, *around)
        stack += [(child, inner) for child in reversed(list(_children(node, name)))]


def _children(node: tree.Node, name: str) -> Iterator[tree.Node]:
    own = isinstance(node, (tree.FunctionDef, tree.Lambda)) and any(p.name == name for p in node.params)
    for field in _names(type(node)):
        if not (own and field == "body"):
            yield from _nodes(getattr(node, field))


def _nodes(value: object) -> Iterator[tree.Node]:
    if isinstance(value, tree.Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)


def _names(kind: type[tree.Node]) -> tuple[str, ...]:
    """The attributes of a kind of node that can hold nodes."""
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = tuple(f.name for f in fields(kind) if f.name not in ("a", "b", "piece"))
    return found


_FIELDS: dict[type[tree.Node], tuple[str, ...]] = {}


def _bound(node: tree.Node) -> tuple[str, ...]:
    """Names that a node binds or declares without a ``Name`` node."""
    if isinstance(node, (tree.FunctionDef, tree.ClassDef)):
        return (node.name,)
    if isinstance(node, tree.Alias):
        return (node.asname or node.name.partition(".")[0],)
    if isinstance(node, (tree.Global, tree.Match)):
        return node.names
    if isinstance(node, tree.Try):
        return tuple(name for name, _body in node.handlers if name is not None)
    return ()
