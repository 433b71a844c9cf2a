"""``--output-format github``: workflow commands that GitHub Actions turns into annotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.formats.places import relative, shown
from keras_memlint.server.report import RunReport

_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice", "hint": "notice"}


def render(report: RunReport, *, colour: bool) -> Iterator[str]:  # noqa: ARG001  (every format takes it)
    """``::warning file=…,line=…,title=…::message``, one line a finding."""
    for diagnostic in report.diagnostics:
        properties = {
            "file": relative(diagnostic.filename, report.root),
            **_region(diagnostic),
            "title": f"{diagnostic.code} {diagnostic.name}",
        }
        listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
        yield f"::{_COMMANDS[diagnostic.severity]} {listed}::{_data(_message(diagnostic))}"


def _region(diagnostic: Diagnostic) -> dict[str, int]:
    """The lines and columns; columns only within one line, the service refuses others.

    A row of a notebook's cell is no line of its file, so the annotation goes to the top of the file.
    """
    if diagnostic.cell is not None:
        return {"line": 1}
    at, end = diagnostic.location, diagnostic.end_location
    if at.row == end.row:
        return {"line": at.row, "endLine": end.row, "col": at.column, "endColumn": end.column}
    return {"line": at.row, "endLine": end.row}


def _message(diagnostic: Diagnostic) -> str:
    where = "" if diagnostic.cell is None else _in_cell(diagnostic) + ": "
    notes = (f"note: {p.message}, {shown(p.filename, p.location, p.cell)}" for p in diagnostic.related)
    helps = (
        f"help: {text}" for text in [diagnostic.help, *(fix.message for fix in diagnostic.fixes)] if text
    )
    return "\n".join([where + diagnostic.message, *notes, *helps])


def _in_cell(diagnostic: Diagnostic) -> str:
    return shown("", diagnostic.location, diagnostic.cell).lstrip(":")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
