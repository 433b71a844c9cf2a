"""Offsets in a source's text against rows and columns: the one place where edits change form."""

from __future__ import annotations

from keras_memlint.analysis.source import Source
from keras_memlint.fixes.edits import Edit
from keras_memlint.rules.diagnostic import Position, TextEdit


def to_position(source: Source, offset: int) -> Position:
    """``offset`` as a row and a column, both from 1, inside its cell for notebooks."""
    at = source.location(offset)
    return Position(at.row, at.column)


def to_text_edit(source: Source, edit: Edit) -> TextEdit:
    """``edit`` with rows and columns."""
    cell = source.cell_at(edit.start)
    return TextEdit(
        to_position(source, edit.start),
        to_position(source, edit.end),
        edit.content,
        cell.index if cell else None,
    )


def to_offset(source: Source, position: Position, cell: int | None = None) -> int:
    """The offset of a row and column, inside cell ``cell`` for notebooks."""
    first = 0
    if cell is not None:
        start = next(one.start for one in source.cells if one.index == cell)
        first = source.row(start)
    return source.line_starts[first + position.row - 1] + position.column - 1


def to_edit(source: Source, edit: TextEdit) -> Edit:
    """The inverse of ``to_text_edit``."""
    return Edit(
        to_offset(source, edit.location, edit.cell),
        to_offset(source, edit.end_location, edit.cell),
        edit.content,
    )
