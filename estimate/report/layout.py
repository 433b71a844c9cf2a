"""Lines for a terminal: tables whose last column wraps, bars, and stand-ins where an encoding lacks a character."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from keras_memlint.analysis.text.printable import one_line, paint, width
from keras_memlint.estimate.result import Range

_GAP: Final = "  "
_NARROWEST = 20
_STAND_INS: Final = {"█": "#", "▒": "+", "░": ".", "│": "|", "–": "-", "…": "..."}


def encodable(text: str, encoding: str) -> str:
    """``text`` with plain characters in place of drawn ones that ``encoding`` lacks."""
    for drawn, plain in _STAND_INS.items():
        try:
            drawn.encode(encoding)
        except (UnicodeEncodeError, LookupError):
            text = text.replace(drawn, plain)
    return text


def columns(text: str) -> int:
    """How wide ``text`` is on a terminal."""
    return sum(width(char) for char in text)


def padded(text: str, to: int, *, right: bool = False, paints: str = "") -> str:
    """``text`` with spaces up to ``to`` columns; ``right`` puts them before it. ``paints`` colours the text alone."""
    spaces = " " * (to - columns(text))
    text = paint(text, paints, bool(paints and text))
    return spaces + text if right else text + spaces


def wrapped(text: str, room: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """``text`` in lines of ``room`` columns. Words are not broken: paths are there to be copied."""
    return textwrap.wrap(
        one_line(text),
        max(room, _NARROWEST + len(indent)),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(
    rows: Sequence[Sequence[str]],
    room: int,
    *,
    right: str = "",
    indent: str = _GAP,
    dim: str = "",
    colour: bool = False,
) -> Iterator[str]:
    """``rows`` in aligned columns. The last one wraps.

    ``right`` and ``dim`` name columns by their digits: those whose text goes to the right, and those shown faintly.
    """
    rows = [[one_line(text) for text in row] for row in rows]
    widths = [
        max(columns(text) for text in column) for column in zip(*(row[:-1] for row in rows), strict=True)
    ]
    start = len(indent) + sum(widths) + len(_GAP) * len(widths)
    last = str(len(widths))
    for row in rows:
        cells = [
            padded(
                text, to, right=str(number) in right, paints="dim" if colour and str(number) in dim else ""
            )
            for number, (text, to) in enumerate(zip(row, widths, strict=False))
        ]
        lines = wrapped(row[-1], room - start) or [""]
        for number, line in enumerate(lines):
            shown = paint(line, "dim", colour and last in dim and bool(line))
            yield (indent + _GAP.join([*cells, shown]) if number == 0 else " " * start + shown).rstrip()


def bar(total: Range, memory: int, length: int) -> tuple[str, str]:
    """A GPU's memory as a bar, in two parts: up to the end of the memory, and what goes beyond it.

    Solid up to the low figure, hatched up to the high one, dotted where memory is left.
    """
    scale = max(memory, total.high, 1)
    end = max(1, min(length, round(length * memory / scale)))
    cells = []
    for number in range(length):
        middle = (number + 0.5) / length * scale
        cells.append(
            "█" if middle < total.low else "▒" if middle < total.high else "░" if number < end else " "
        )
    # A thousandth of the memory is still something.
    if total.low > 0 and cells[0] != "█":
        cells[0] = "█"
    return "".join(cells[:end]), "".join(cells[end:]).rstrip()


def share_bar(share: float, length: int) -> str:
    """A share, 0 to 1, as a bar without a frame."""
    return "█" * max(round(share * length), share > 0)
