"""A line of code as a terminal shows it, with marks below it."""

from __future__ import annotations

from typing import Final

from keras_memlint.analysis.text.printable import safe, width

WIDEST: Final = 120
"""Columns of a line of code that are shown before it is cut."""

_TAB = 4
_BEFORE = 40


def marked(line: str, start: int, end: int) -> tuple[str, str]:
    """A line of code as it is shown, and the carets that go below its characters ``start`` to ``end``.

    Tabs become four spaces. A line that is too wide is cut around the mark, with ``…`` where text is missing.
    At least one caret is drawn, past the end of the line too.
    """
    cells = [" " * _TAB if c == "\t" else safe(c) for c in line]
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
