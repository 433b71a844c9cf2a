"""The one place where characters become what an editor counts: lines, and UTF-8, UTF-16 or UTF-32 units in them."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from lsprotocol import types

_NEWLINE = re.compile(r"\r\n|\r|\n")


class Lines:
    """A text with its lines, as an editor sees them through ``encoding`` (``utf-8``, ``utf-16`` or ``utf-32``).

    Offsets, rows and columns count characters; only ``types.Position`` counts units of the encoding. Lines end at
    ``\\n``, ``\\r\\n`` and ``\\r`` and nowhere else: a form feed, which ``str.splitlines`` takes for one, is none.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self.text = text
        self.encoding = encoding

    def position(self, offset: int) -> types.Position:
        """Where the character at ``offset`` is."""
        row = bisect_right(self._starts, offset) - 1
        start = self._starts[row]
        return types.Position(row, self._units(self.text[start:offset]))

    def position_of(self, row: int, column: int) -> types.Position:
        """The position of a 1-based ``row`` and ``column`` in characters; the nearest one that exists."""
        return self.position(self.offset_of(row, column))

    def offset_of(self, row: int, column: int) -> int:
        """The offset of a 1-based ``row`` and ``column`` in characters; the nearest one that exists."""
        if row > len(self._starts):
            return len(self.text)
        start, end = self.line_span(max(row, 1) - 1)
        return min(start + max(column - 1, 0), end)

    def offset(self, position: types.Position) -> int:
        """The offset of ``position``: the end of its line or of the text when it lies behind that.

        A position inside a character, between two halves of a surrogate pair, is that character's start.
        """
        if position.line >= len(self._starts):
            return len(self.text)
        start, end = self.line_span(max(position.line, 0))
        return start + self._characters(self.text[start:end], max(position.character, 0))

    def range(self, start: int, end: int) -> types.Range:
        """The range of the characters ``start`` to ``end`` (exclusive)."""
        return types.Range(self.position(start), self.position(end))

    def line_span(self, row: int) -> tuple[int, int]:
        """Start and end offset of 0-based ``row``, without its line ending."""
        starts = self._starts
        start = starts[row]
        end = starts[row + 1] if row + 1 < len(starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def row(self, offset: int) -> int:
        """The 0-based row of ``offset``."""
        return bisect_right(self._starts, offset) - 1

    @property
    def count(self) -> int:
        """How many lines there are; an empty text has one."""
        return len(self._starts)

    @cached_property
    def _starts(self) -> list[int]:
        if "\r" in self.text:
            return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]
        lengths = [len(line) + 1 for line in self.text.split("\n")]  # several times faster
        return [0, *accumulate(lengths[:-1])]

    def _units(self, line: str) -> int:
        if self.encoding == "utf-32" or line.isascii():
            return len(line)
        if self.encoding == "utf-8":
            return len(line.encode("utf-8", "surrogatepass"))
        return len(line.encode("utf-16-le", "surrogatepass")) // 2

    def _characters(self, line: str, units: int) -> int:
        """How many whole characters of ``line`` the first ``units`` units hold."""
        # No character is shorter than one unit: what lies behind need not be encoded.
        line = line[:units]
        if self.encoding == "utf-32" or line.isascii():
            return len(line)
        if self.encoding == "utf-8":
            coded = line.encode("utf-8", "surrogatepass")
            if units >= len(coded):
                return len(line)
            while coded[units] & 0xC0 == 0x80:
                units -= 1
            return len(coded[:units].decode("utf-8", "surrogatepass"))
        head = line.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "surrogatepass")
        # A pair that was cut decodes to its first half alone.
        return len(head) - (head[-1] != line[len(head) - 1])
