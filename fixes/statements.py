"""Whole statements put in: after the imports, before or after a statement."""

from __future__ import annotations

from keras_memlint.analysis import tree
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.tokens import KEYWORDS
from keras_memlint.fixes.edits import Edit


def after_imports(script: Script, text: str) -> Edit | None:
    """``text`` (lines without a final line ending) as statements after the leading imports, and a blank line.

    None when the script imports nothing at module level, or something else stands on the last import's line.
    """
    last: tree.Stmt | None = None
    for statement in script.parsed.statements:
        if isinstance(statement, (tree.Import, tree.ImportFrom)):
            last = statement
        elif (
            not (isinstance(statement, tree.ExprStmt) and isinstance(statement.value, tree.Constant))
            and last is not None
        ):
            break
    if last is None or not script.own(last):
        return None
    source = script.source
    piece = last.piece
    end = piece.start + len(piece.text)
    if piece.statements[-1] is not last:
        return None
    line_end = source.line_span(source.row(max(end - 1, piece.start)))[1]
    cell = source.cell_at(piece.start)
    if cell is not None and line_end > cell.end:
        line_end = cell.end
    newline = source.newline
    lines = newline.join(text.split("\n"))
    return Edit(line_end, line_end, f"{newline}{newline}{lines}")


def before(script: Script, statement: tree.Stmt, text: str) -> Edit | None:
    """``text`` as statements before ``statement``, with its indentation; None when it shares its line."""
    line = _own_line(script, statement)
    if line is None:
        return None
    start, indent = line
    newline = script.source.newline
    lines = newline.join(indent + one if one else one for one in text.split("\n"))
    return Edit(start, start, lines + newline)


def indentation(script: Script, statement: tree.Stmt) -> str | None:
    """The blanks before ``statement``; None when it shares its line with another."""
    line = _own_line(script, statement)
    return None if line is None else line[1]


def _own_line(script: Script, statement: tree.Stmt) -> tuple[int, str] | None:
    """Start and indentation of the line ``statement`` starts; None when something stands before it."""
    if not script.own(statement):
        return None
    source = script.source
    place = script.place(statement)  # from its first name: keywords before it belong to it
    start = source.line_span(source.row(place.start))[0]
    lead = source.text[start : place.start]
    if not KEYWORDS.issuperset(lead.replace("(", " ").replace("@", " ").split()):
        return None
    return start, lead[: len(lead) - len(lead.lstrip())]
