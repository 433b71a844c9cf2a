"""Where a finding is, in the words of each kind of reader: people, paths of a repository, lines of text."""

from __future__ import annotations

import os
from pathlib import Path

from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Position


def shown(filename: str, at: Position, cell: int | None) -> str:
    """``train.py:14:6``, or ``nb.ipynb:cell 3:14:6``: people count cells from 1, Markdown cells included."""
    where = "" if cell is None else f"cell {cell + 1}:"
    return f"{filename}:{where}{at.row}:{at.column}"


def relative(filename: str, root: Path) -> str:
    """``filename`` below ``root`` with forward slashes; an absolute path when it lies elsewhere."""
    absolute = os.path.abspath(filename)  # noqa: PTH100  (Path.absolute keeps "..")
    folder, name = os.path.split(absolute)
    for candidate in (absolute, os.path.join(os.path.realpath(folder), name)):  # noqa: PTH118
        for base in (root, Path(os.path.realpath(root))):
            if Path(candidate).is_relative_to(base):
                return Path(candidate).relative_to(base).as_posix()
    return Path(absolute).as_posix()


def line_text(source: Source | None, row: int, cell: int | None) -> str | None:
    """The text of 1-based ``row`` (of the cell in notebooks) without line ending; None when it is not there."""
    if source is None:
        return None
    first = 0
    if cell is not None:
        start = next((c.start for c in source.cells if c.index == cell), None)
        if start is None:
            return None
        first = source.row(start)
    at = first + row - 1
    if not 0 <= at < len(source.line_starts):
        return None
    start, end = source.line_span(at)
    return source.text[start:end]
