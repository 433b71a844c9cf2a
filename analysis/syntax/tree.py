"""The syntax tree the analysis walks: small nodes without whitespace, lowered from libcst's.

A node knows where it is by the numbers of two *counted tokens* of its piece (see ``tokens.py``): ``a``, its first,
and ``b``, its last name, number or string, or the opening bracket whose partner ends it. Offsets are computed from
these only when somebody asks (``Piece.span``), and the libcst tree is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_memlint.analysis.syntax.pieces import Piece


@dataclass(slots=True, eq=False, repr=False)
class Node:
    """``a`` and ``b``: counted tokens, see above. ``piece``: the text the node was parsed from."""

    a: int
    b: int
    piece: Piece


@dataclass(slots=True, eq=False, repr=False)
class Expr(Node):
    """Any expression; used itself where the analysis has no interest in the kind."""


@dataclass(slots=True, eq=False, repr=False)
class Stmt(Node):
    """Any statement; used itself for ``pass`` and what has no effect on values."""


# Expressions


@dataclass(slots=True, eq=False, repr=False)
class Name(Expr):
    id: str


@dataclass(slots=True, eq=False, repr=False)
class Constant(Expr):
    """A literal; ``value`` is ``...`` for an ellipsis and for strings too odd to evaluate."""

    value: object


@dataclass(slots=True, eq=False, repr=False)
class Attribute(Expr):
    value: Expr
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Argument(Node):
    """``value``, ``name=value``, ``*value`` or ``**value`` in a call."""

    name: str | None
    star: str
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class Call(Expr):
    func: Expr
    args: tuple[Argument, ...]


@dataclass(slots=True, eq=False, repr=False)
class Slice(Expr):
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(slots=True, eq=False, repr=False)
class Subscript(Expr):
    value: Expr
    items: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Binary(Expr):
    """``op`` is the operator as written: ``+``, ``//``, ``@``, …"""

    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False, repr=False)
class Unary(Expr):
    op: str
    operand: Expr


@dataclass(slots=True, eq=False, repr=False)
class Boolean(Expr):
    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False, repr=False)
class Compare(Expr):
    left: Expr
    ops: tuple[str, ...]
    rights: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Conditional(Expr):
    body: Expr
    test: Expr
    orelse: Expr


@dataclass(slots=True, eq=False, repr=False)
class Sequence(Expr):
    """A tuple, list or set display; ``kind`` is ``tuple``, ``list`` or ``set``."""

    kind: str
    elements: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Starred(Expr):
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class Mapping(Expr):
    """A dict display; a key of None stands for ``**value``."""

    items: tuple[tuple[Expr | None, Expr], ...]


@dataclass(slots=True, eq=False, repr=False)
class Generator(Node):
    """One ``for target in iter if …`` of a comprehension."""

    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Comprehension(Expr):
    """``kind`` is ``list``, ``set``, ``dict`` or ``generator``; ``key`` only for dicts."""

    kind: str
    key: Expr | None
    element: Expr
    generators: tuple[Generator, ...]


@dataclass(slots=True, eq=False, repr=False)
class Formatted(Expr):
    """An f-string; its expressions share the position of the whole string."""

    parts: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Await(Expr):
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class Yield(Expr):
    value: Expr | None
    is_from: bool


@dataclass(slots=True, eq=False, repr=False)
class Assignment(Expr):
    """``(target := value)``."""

    target: Expr
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class Parameter(Node):
    """``star`` is ``""``, ``"*"`` or ``"**"``; ``kind`` is ``positional``, ``any`` or ``keyword``."""

    name: str
    star: str
    kind: str
    annotation: Expr | None
    default: Expr | None


@dataclass(slots=True, eq=False, repr=False)
class Lambda(Expr):
    params: tuple[Parameter, ...]
    body: Expr


# Statements


@dataclass(slots=True, eq=False, repr=False)
class ExprStmt(Stmt):
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class Assign(Stmt):
    targets: tuple[Expr, ...]
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class AugAssign(Stmt):
    op: str
    target: Expr
    value: Expr


@dataclass(slots=True, eq=False, repr=False)
class AnnAssign(Stmt):
    target: Expr
    annotation: Expr
    value: Expr | None


@dataclass(slots=True, eq=False, repr=False)
class Return(Stmt):
    value: Expr | None


@dataclass(slots=True, eq=False, repr=False)
class Raise(Stmt):
    value: Expr | None


@dataclass(slots=True, eq=False, repr=False)
class Jump(Stmt):
    """``break`` or ``continue``."""

    kind: str


@dataclass(slots=True, eq=False, repr=False)
class Assert(Stmt):
    test: Expr


@dataclass(slots=True, eq=False, repr=False)
class Delete(Stmt):
    target: Expr


@dataclass(slots=True, eq=False, repr=False)
class Alias(Node):
    """``name`` is dotted and as written; ``asname`` is None without ``as``."""

    name: str
    asname: str | None


@dataclass(slots=True, eq=False, repr=False)
class Import(Stmt):
    names: tuple[Alias, ...]


@dataclass(slots=True, eq=False, repr=False)
class ImportFrom(Stmt):
    """``level`` counts leading dots; ``names`` is empty for ``*``."""

    module: str
    level: int
    names: tuple[Alias, ...]


@dataclass(slots=True, eq=False, repr=False)
class Global(Stmt):
    """``global`` and ``nonlocal``."""

    names: tuple[str, ...]


@dataclass(slots=True, eq=False, repr=False)
class If(Stmt):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False, repr=False)
class While(Stmt):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False, repr=False)
class For(Stmt):
    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False, repr=False)
class Try(Stmt):
    """``handlers`` are (bound name or None, body)."""

    body: tuple[Stmt, ...]
    handlers: tuple[tuple[str | None, tuple[Stmt, ...]], ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


@dataclass(slots=True, eq=False, repr=False)
class With(Stmt):
    """``items`` are (context expression, target or None)."""

    items: tuple[tuple[Expr, Expr | None], ...]
    body: tuple[Stmt, ...]


@dataclass(slots=True, eq=False, repr=False)
class FunctionDef(Stmt):
    """``is_generator``: a ``yield`` stands in the body itself, not in a nested function."""

    name: str
    params: tuple[Parameter, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    is_generator: bool
    is_async: bool = False


@dataclass(slots=True, eq=False, repr=False)
class ClassDef(Stmt):
    name: str
    bases: tuple[Argument, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]


@dataclass(slots=True, eq=False, repr=False)
class Match(Stmt):
    """``cases`` hold bodies only: patterns bind names to unknown values."""

    subject: Expr
    names: tuple[str, ...]
    cases: tuple[tuple[Stmt, ...], ...]


def blocks(statement: Stmt) -> tuple[tuple[Stmt, ...], ...]:
    """The bodies inside a compound statement, in order; none for a simple one."""
    if isinstance(statement, (FunctionDef, ClassDef, With)):
        return (statement.body,)
    if isinstance(statement, (If, While, For)):
        return (statement.body, statement.orelse)
    if isinstance(statement, Try):
        return (statement.body, *(body for _, body in statement.handlers), statement.orelse, statement.final)
    if isinstance(statement, Match):
        return statement.cases
    return ()


def targets(statement: Stmt) -> list[Expr]:
    """What a statement itself binds, changes or deletes: names, attributes and subscripts, out of any tuples."""
    if isinstance(statement, Assign):
        parts: list[Expr | None] = list(statement.targets)
    elif isinstance(statement, (AugAssign, AnnAssign, For, Delete)):
        parts = [statement.target]
    elif isinstance(statement, With):
        parts = [target for _context, target in statement.items]
    else:
        return []
    found: list[Expr] = []
    while parts:
        part = parts.pop()
        if isinstance(part, Sequence):
            parts.extend(part.elements)
        elif isinstance(part, Starred):
            parts.append(part.value)
        elif part is not None:
            found.append(part)
    return found


def bound_names(statement: Stmt) -> frozenset[str]:
    """The names that a statement and what stands in its blocks bind, delete, or change an item or attribute of."""
    found: set[str] = set()
    waiting: list[Stmt] = [statement]
    while waiting:
        one = waiting.pop()
        waiting.extend(inner for block in blocks(one) for inner in block)
        for part in targets(one):
            base = part
            while isinstance(base, (Attribute, Subscript, Starred)):
                base = base.value
            if isinstance(base, Name):
                found.add(base.id)
    return frozenset(found)


def has_break(body: tuple[Stmt, ...]) -> bool:
    """Whether a ``break`` in ``body`` may end the loop around it; those of inner loops do not count."""
    return has_jump(body, "break")


def has_jump(body: tuple[Stmt, ...], kind: str) -> bool:
    """Whether a ``break``, or a ``continue``, in ``body`` is one of the loop around it."""
    for statement in body:
        if isinstance(statement, Jump):
            if statement.kind == kind:
                return True
        elif not isinstance(statement, (For, While, FunctionDef, ClassDef)):
            if any(has_jump(block, kind) for block in blocks(statement)):
                return True
    return False


def is_left(loop: For | While, around: tuple[Node, ...]) -> bool:
    """Whether ``loop`` ends at its first turn, or at the first that gets to what stands in ``around``, innermost first."""
    if any(map(leaves, loop.body)):
        return True
    if loop not in around:
        return False
    inner = [one for one in around[: around.index(loop)] if isinstance(one, Stmt)]
    if inner and leaves(inner[0]):
        return True
    return any(
        any(one is statement for one in block) and any(map(leaves, block))
        for outer, statement in zip(inner[1:], inner, strict=False)
        for block in blocks(outer)
    )


def leaves(statement: Stmt) -> bool:
    """Whether it ends the loop it stands in at the first turn."""
    return isinstance(statement, (Return, Raise)) or (
        isinstance(statement, Jump) and statement.kind == "break"
    )


def last_name(node: Node) -> str:
    """``c`` of ``a.b.c``; empty for all but names and attributes."""
    if isinstance(node, Attribute):
        return node.name
    return node.id if isinstance(node, Name) else ""


def dotted(node: Node) -> str:
    """``a.b.c`` as it is written; empty for what is no chain of names."""
    if isinstance(node, Attribute):
        before = dotted(node.value)
        return f"{before}.{node.name}" if before else ""
    return node.id if isinstance(node, Name) else ""


def root(node: Expr) -> Expr:
    """``a`` of ``a.b.c``; ``node`` itself when it is no attribute."""
    while isinstance(node, Attribute):
        node = node.value
    return node


def parts(node: Node) -> list[object]:
    """What ``node`` is made of beside its place: nodes, tuples of them, and plain values."""
    # Python 3.10 repeats inherited fields in ``__slots__``.
    return [getattr(node, name) for name in type(node).__slots__ if name not in Node.__slots__]


def children(node: Node) -> list[Node]:
    """The nodes that ``node`` is made of, in order."""
    found: list[Node] = []
    for name in _FIELDS.get(type(node)) or _fields(type(node)):
        part = getattr(node, name)
        if isinstance(part, Node):
            found.append(part)
        elif part:
            found += _nodes(part)
    return found


def below(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node in ``roots``, themselves included, in no order."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += children(node)


def walk(*roots: Node) -> Iterator[tuple[Node, Node | None]]:
    """Every node in ``roots``, themselves first, each with the node it stands in; None for the roots."""
    stack: list[tuple[Node, Node | None]] = [(root, None) for root in reversed(roots)]
    while stack:
        node, outer = stack.pop()
        yield node, outer
        stack += [(child, node) for child in reversed(children(node))]


def _nodes(part: object) -> Iterable[Node]:
    """The nodes in a tuple that an attribute of a node holds, in order."""
    if not isinstance(part, tuple):
        return ()
    found = [one for one in part if isinstance(one, Node)]
    if len(found) < len(part):
        found = [node for one in part for node in ((one,) if isinstance(one, Node) else _nodes(one))]
    return found


def _fields(kind: type[Node]) -> tuple[str, ...]:
    """The attributes of a kind of node that can hold nodes."""
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = tuple(one.name for one in fields(kind) if one.type not in _LEAVES)
    return found


# The types of attributes without nodes, as they are annotated.
_LEAVES = ("Piece", "bool", "int", "object", "str", "str | None", "tuple[str, ...]")
_FIELDS: dict[type[Node], tuple[str, ...]] = {}
