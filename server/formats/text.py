"""Text for terminals: widths, marks below a line of code, colours, and nothing that could drive the terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WIDEST: Final = 120
"""Columns of a line of code that are shown before it is cut."""

_TAB = 4
_BEFORE = 40
_COLOURS: Final = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;34",
    "hint": "1;36",
    "bold": "1",
    "dim": "2",
}
_BREAK = re.compile(r"\s*(?:\r\n|[\r\n\v\f\x85\u2028\u2029])\s*")


def paint(text: str, colour: str, on: bool) -> str:
    """``text`` in one of the named colours when ``on``."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on else text


def one_line(text: str) -> str:
    """``text`` on one line, safe to print: line breaks are spaces, control characters are pictures of themselves."""
    return "".join(_safe(c) for c in _BREAK.sub(" ", text))


def width(char: str) -> int:
    """Columns that a character takes on a terminal."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def marked(line: str, start: int, end: int) -> tuple[str, str]:
    """A line of code as it is shown, and the carets that go below its characters ``start`` to ``end``.

    Tabs become four spaces. A line that is too wide is cut around the mark, with ``…`` where text is missing.
    At least one caret is drawn, past the end of the line too.
    """
    cells = [" " * _TAB if c == "\t" else _safe(c) for c in line]
    widths = [_TAB if c == "\t" else width(s) for c, s in zip(line, cells, strict=True)]
    start = min(max(start, 0), len(cells))
    end = min(max(end, start), len(cells))
    first, last = _window(widths, start)
    before = "…" if first else ""
    after = "…" if last < len(cells) else ""
    shown = before + "".join(cells[first:last]) + after
    indent = len(before) + sum(widths[first:start])
    carets = max(1, sum(widths[start : min(end, last)]))
    return shown, " " * indent + "^" * carets


def _window(widths: list[int], start: int) -> tuple[int, int]:
    """The characters that are shown of a line: all, or about ``WIDEST`` columns around ``start``."""
    if sum(widths) <= WIDEST:
        return 0, len(widths)
    room = WIDEST - 2
    first = start
    before = 0
    while first > 0 and before + widths[first - 1] <= _BEFORE:
        first -= 1
        before += widths[first]
    last = first
    used = 0
    while last < len(widths) and used + widths[last] <= room:
        used += widths[last]
        last += 1
    while first > 0 and used + widths[first - 1] <= room:
        first -= 1
        used += widths[first]
    return first, last


def _safe(char: str) -> str:
    """``char``, or a harmless stand-in when it would move the cursor, reorder text or cannot be encoded."""
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _BIDI:
        return "\ufffd"
    return char


_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
