"""Where a new import goes: after the first block of imports, else behind docstring, comments and ``__future__``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from keras_memlint.analysis.source import Source
from keras_memlint.fixes.edits import Edit

# What stays above everything: shebang, coding cookie, licence, an empty line below them; and magics of a notebook.
_HEADER = re.compile(r"(?:[ \t]*(?:[#%!][^\r\n]*)?(?:\r\n|\r|\n))*")


Kind = Literal["docstring", "future", "import", "other"]


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """A top-level statement: its span in the source, and what it is as far as imports care."""

    start: int
    end: int
    kind: Kind


def import_edit(source: Source, statements: Sequence[Statement], wanted: str) -> Edit:
    """The insertion of the import ``wanted`` (one line of code) into ``source``.

    ``statements`` are in order. In a notebook it goes to the first cell that has imports, else to the first cell.
    """
    anchor = _anchor(statements)
    newline = source.newline
    if anchor is not None:
        row = source.row(max(anchor.end - 1, anchor.start))
        end = source.line_span(row)[1]
        cell = source.cell_at(anchor.start)
        if cell is not None:
            end = min(end, cell.end)
        return Edit(end, end, f"{newline}{wanted}")
    start = source.cells[0].start if source.cells else 0
    limit = statements[0].start if statements else len(source.text)
    header = _HEADER.match(source.text, start, limit)
    at = header.end() if header is not None else start
    return Edit(at, at, f"{wanted}{newline}")


def _anchor(statements: Sequence[Statement]) -> Statement | None:
    """The statement after whose line the import goes; None for the top of the text."""
    found: Statement | None = None
    for statement in statements:
        if statement.kind == "import":
            found = statement
        elif found is not None and found.kind == "import":
            return found
        elif statement.kind in ("docstring", "future") and (found is None or found.kind != "import"):
            if statement.kind == "future" or found is None:
                found = statement
        elif statement.kind == "other" and not any(s.kind == "import" for s in statements):
            return found
    return found
