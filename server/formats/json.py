"""``--output-format json``: one array of findings, the form other programs rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from keras_memlint.rules.diagnostic import Diagnostic, Position
from keras_memlint.server.report import RunReport


def render(report: RunReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001  (every format takes it)
    """One finding a line, plain ASCII, so that any encoding of standard output can carry it."""
    if not report.diagnostics:
        yield "[]"
        return
    last = len(report.diagnostics) - 1
    yield "["
    for number, diagnostic in enumerate(report.diagnostics):
        yield f"  {json.dumps(published(diagnostic))}{',' if number < last else ''}"
    yield "]"


def published(diagnostic: Diagnostic) -> dict[str, Any]:
    """A finding with the keys that are documented, and no others.

    In notebooks, places and edits also name their ``cell``: it may be another one than the finding's.
    """
    fix = diagnostic.fixes[0] if diagnostic.fixes else None
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "filename": diagnostic.filename,
        **_span(diagnostic.location, diagnostic.end_location),
        "cell": diagnostic.cell,
        "url": None,
        "bytes": diagnostic.bytes,
        "related": [
            {
                "message": place.message,
                "filename": place.filename,
                **_span(place.location, place.end_location),
                **_cell(place.cell),
            }
            for place in diagnostic.related
        ],
        "fix": fix
        and {
            "applicability": fix.applicability,
            "message": fix.message,
            "edits": [
                {**_span(edit.location, edit.end_location), "content": edit.content, **_cell(edit.cell)}
                for edit in fix.edits
            ],
        },
    }


def _span(start: Position, end: Position) -> dict[str, dict[str, int]]:
    return {"location": _position(start), "end_location": _position(end)}


def _position(at: Position) -> dict[str, int]:
    return {"row": at.row, "column": at.column}


def _cell(cell: int | None) -> dict[str, int]:
    return {} if cell is None else {"cell": cell}
