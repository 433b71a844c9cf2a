"""Block statements in parts: where the bodies of their clauses stand, and how one is put together of them."""

from __future__ import annotations

from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.tokens import CLAUSE, header_end


def split_block(text: str, start: int, end: int) -> list[tuple[int, int]] | None:
    """The bodies of the clauses of the block statement ``text[start:end]``; None when it cannot be split."""
    body_start = header_end(text, start, end)
    return _clauses(text, start, body_start, end) if body_start is not None else None


def _clauses(text: str, start: int, body_start: int, end: int) -> list[tuple[int, int]]:
    """The bodies of the clauses (``else``, ``except``, …) of the block statement at ``start``."""
    column = indent_of(text, start)
    bodies: list[tuple[int, int]] = []
    body, at = body_start, body_start
    while at < end:
        line_end = _line_end(text, at, end)
        line = text[at:line_end]
        if CLAUSE.match(line) and indent_of(text, at) <= column:
            clause_body = header_end(text, at, end)
            if clause_body is not None:
                bodies.append((body, at))
                body = at = clause_body
                continue
        at = line_end
    bodies.append((body, end))
    return bodies


def _line_end(text: str, at: int, end: int) -> int:
    found = text.find("\n", at, end)
    return end if found < 0 else found + 1


def indent_of(text: str, at: int) -> int:
    """How many blanks the line that starts at ``at`` starts with."""
    column = at
    while column < len(text) and text[column] in " \t\f":
        column += 1
    return column - at


def assemble(
    header: tree.Stmt | None, bodies: list[tuple[tree.Stmt, ...]], may_yield: bool
) -> tuple[tree.Stmt, ...]:
    """The block statement ``header`` with ``bodies``; a header that did not parse leaves its bodies as they are.

    ``may_yield``: the word stands somewhere in the text of the bodies.
    """
    first = bodies[0]
    rest = tuple([statement for body in bodies[1:] for statement in body])
    match header:
        case tree.FunctionDef():
            made: tree.Stmt = tree.FunctionDef(
                header.a,
                header.b,
                header.piece,
                header.name,
                header.params,
                first,
                header.decorators,
                header.returns,
                may_yield and _yields(first),
                header.is_async,
            )
        case tree.ClassDef():
            made = tree.ClassDef(
                header.a, header.b, header.piece, header.name, header.bases, first, header.decorators
            )
        case tree.If():
            made = tree.If(header.a, header.b, header.piece, header.test, first, rest)
        case tree.While():
            made = tree.While(header.a, header.b, header.piece, header.test, first, rest)
        case tree.For():
            made = tree.For(header.a, header.b, header.piece, header.target, header.iter, first, rest)
        case tree.With():
            made = tree.With(header.a, header.b, header.piece, header.items, first)
        case tree.Try():
            made = tree.Try(
                header.a, header.b, header.piece, first, tuple((None, b) for b in bodies[1:]), (), ()
            )
        case _:
            return first + rest
    return (made,)


def _yields(statements: tuple[tree.Stmt, ...]) -> bool:
    """Whether a ``yield`` stands in ``statements`` outside nested functions."""
    stack: list[object] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Yield):
            return True
        if isinstance(node, (tree.FunctionDef, tree.ClassDef, tree.Lambda)):
            continue
        if isinstance(node, tuple):
            stack += node
        elif isinstance(node, tree.Node):
            stack += tree.parts(node)
    return False
