"""Offsets in a source's text against rows and columns: the one place where edits change form."""

from __future__ import annotations

from keras_memlint.analysis.text.source import Place, Source
from keras_memlint.fixes.edits import Edit, Way
from keras_memlint.rules.diagnostic import DiagnosticFix, Position, RelatedPlace, TextEdit


def to_position(source: Source, offset: int) -> Position:
    """``offset`` as a row and a column, both from 1, inside its cell for notebooks."""
    at = source.location(offset)
    return Position(at.row, at.column)


def to_related(note: str, place: Place) -> RelatedPlace:
    """``note`` on ``place``, with rows and columns."""
    source = place.source
    cell = source.cell_at(place.start)
    return RelatedPlace(
        note,
        source.path,
        to_position(source, place.start),
        to_position(source, place.end),
        cell.index if cell is not None else None,
    )


def to_text_edit(source: Source, edit: Edit) -> TextEdit:
    """``edit`` with rows and columns."""
    cell = source.cell_at(edit.start)
    first = source.row(cell.start) if cell else 0

    def position(offset: int) -> Position:
        # Both ends count in the cell of the start: what removes the last line of a cell ends where the next begins.
        row = source.row(offset)
        return Position(row - first + 1, offset - source.line_starts[row] + 1)

    return TextEdit(position(edit.start), position(edit.end), edit.content, cell.index if cell else None)


def to_offset(source: Source, position: Position, cell: int | None = None) -> int:
    """The offset of a row and column, inside cell ``cell`` for notebooks. Raises ValueError for no such place."""
    first = 0
    if cell is not None:
        start = next((one.start for one in source.cells if one.index == cell), None)
        if start is None:
            raise ValueError(f"no code cell {cell}")
        first = source.row(start)
    row = first + position.row - 1
    if position.row < 1 or row >= len(source.line_starts):
        raise ValueError(f"no row {position.row}")
    offset = source.line_starts[row] + position.column - 1
    if position.column < 1 or offset > len(source.text):
        raise ValueError(f"no column {position.column} in row {position.row}")
    return offset


def to_edit(source: Source, edit: TextEdit) -> Edit:
    """The inverse of ``to_text_edit``."""
    return Edit(
        to_offset(source, edit.location, edit.cell),
        to_offset(source, edit.end_location, edit.cell),
        edit.content,
    )


def to_way(source: Source, fix: DiagnosticFix) -> Way:
    """``fix`` with offsets, as fix-all takes it: without its words."""
    return Way(fix.applicability == "safe", tuple(to_edit(source, edit) for edit in fix.edits))
