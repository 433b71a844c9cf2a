"""From nodes to places in a text, and back."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.parse import Parsed
from keras_memlint.analysis.text.source import Place, Source


def place(node: tree.Node, source: Source) -> Place:
    """Where ``node`` stands: in ``source`` unless its piece knows another."""
    return Place(node.piece.source or source, *node.piece.span(node))


def call_place(node: tree.Call, source: Source) -> Place:
    """From the name of the called function or method to the closing bracket."""
    func = node.func
    piece = node.piece
    tokens = piece.tokens
    if tokens is None or node.b == func.b or not isinstance(func, (tree.Attribute, tree.Name)):
        return place(node, source)  # a call in an f-string has no tokens of its own
    return Place(piece.source or source, piece.start + tokens.starts[func.b], call_end(node))


def name_place(node: tree.Call, source: Source) -> Place:
    """The name of the called function or method alone."""
    func, tokens = node.func, node.piece.tokens
    if tokens is None or node.b == func.b or not isinstance(func, (tree.Attribute, tree.Name)):
        return place(node, source)
    start = node.piece.start
    return Place(node.piece.source or source, start + tokens.starts[func.b], start + tokens.ends[func.b])


def call_end(node: tree.Call) -> int:
    """The offset after a call's own closing bracket, whatever brackets stand around the call."""
    piece = node.piece
    tokens = piece.tokens
    if tokens is None or node.b == node.func.b:
        return piece.span(node)[1]
    bracket = bisect_left(tokens.starts, piece.span(node.func)[1] - piece.start)
    return piece.start + tokens.ends[bracket]


def statement_at(parsed: Parsed, offset: int) -> tree.Stmt | None:
    """The innermost statement around ``offset``; None between statements and in broken text."""
    *_, innermost = (None, *around(parsed, offset))
    return innermost


def function_at(parsed: Parsed, offset: int) -> tree.FunctionDef | None:
    """The innermost function around ``offset``; None at the top level and in broken text."""
    functions = [one for one in around(parsed, offset) if isinstance(one, tree.FunctionDef)]
    return functions[-1] if functions else None


def around(parsed: Parsed, offset: int) -> Iterator[tree.Stmt]:
    """The statements around ``offset``, outermost first."""
    at = bisect_right(parsed.pieces, offset, key=lambda piece: piece.start) - 1
    if at < 0:
        return
    piece = parsed.pieces[at]
    tokens = piece.tokens
    if tokens is None:
        return
    token = bisect_right(tokens.starts, offset - piece.start) - 1
    block = piece.statements
    while block:
        inside = [s for s in block if s.piece is piece and s.a <= token]
        if not inside:
            return
        yield inside[-1]
        block = tuple([s for inner in tree.blocks(inside[-1]) for s in inner])
