"""The text of one script and where its characters are: offsets, rows, columns, notebook cells."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from keras_memlint.analysis.text.magics import neutralise_cell, neutralise_magics

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Cell:
    """One code cell of a notebook inside the joined text.

    ``index`` counts all cells of the notebook from 0; ``start`` and ``end`` are offsets in ``Source.text``.
    """

    index: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Location:
    """A place for people: row and column start at 1, columns count characters; inside the cell for notebooks."""

    row: int
    column: int
    cell: int | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """One script: a file, an editor buffer, or the code cells of a notebook joined in order.

    Every offset in the program is a character offset into ``text``, which is the user's text unchanged
    (line endings included, byte order mark left out).
    """

    path: str
    text: str
    cells: tuple[Cell, ...] = ()

    @cached_property
    def code(self) -> str:
        """The text as it is analysed, of the same length as ``text``: IPython's own lines have no effect in it."""
        if not self.cells:
            return neutralise_magics(self.text)
        parts: list[str] = []
        at = 0
        for cell in self.cells:
            parts += (self.text[at : cell.start], neutralise_cell(self.text[cell.start : cell.end]))
            at = cell.end
        return "".join([*parts, self.text[at:]])

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which the rows of the whole text start."""
        return [0, *(m.end() for m in _NEWLINE.finditer(self.text))]

    def row(self, offset: int) -> int:
        """The 0-based row of ``offset`` in the whole text."""
        return bisect_right(self.line_starts, offset) - 1

    def line_span(self, row: int) -> tuple[int, int]:
        """Start and end offset of 0-based ``row``, without its line ending."""
        starts = self.line_starts
        start = starts[row]
        end = starts[row + 1] if row + 1 < len(starts) else len(self.text)
        return start, start + len(self.text[start:end].rstrip("\r\n"))

    def cell_at(self, offset: int) -> Cell | None:
        """The notebook cell that holds ``offset``; None outside notebooks."""
        if not self.cells:
            return None
        at = bisect_right(self._cell_starts, offset) - 1
        return self.cells[max(at, 0)]

    def location(self, offset: int) -> Location:
        """``offset`` as people count."""
        row = self.row(offset)
        column = offset - self.line_starts[row] + 1
        cell = self.cell_at(offset)
        if cell is None:
            return Location(row + 1, column)
        return Location(row - self.row(cell.start) + 1, column, cell.index)

    @cached_property
    def _cell_starts(self) -> list[int]:
        return [cell.start for cell in self.cells]

    @cached_property
    def newline(self) -> str:
        """The line ending this text uses first; ``\\n`` when it has none."""
        found = _NEWLINE.search(self.text)
        return found.group() if found else "\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A span of one source: ``start`` inclusive, ``end`` exclusive, in characters."""

    source: Source
    start: int
    end: int


def text_hash(text: str) -> str:
    """What an estimate remembers a text by; editors and files may differ in line endings alone."""
    plain = _NEWLINE.sub("\n", text)
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
