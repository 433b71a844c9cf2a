"""``--output-format concise``: one line a finding."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.text.printable import one_line, paint
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.formats.places import shown
from keras_memlint.server.report import RunReport


def render(report: RunReport, *, colour: bool) -> Iterator[str]:
    """``train.py:14:6 warning KM203: message``, with ``[*]`` behind what ``--fix`` would repair."""
    for diagnostic in report.diagnostics:
        mark = " [*]" if report.typed.would_fix(diagnostic) else ""
        yield headline(diagnostic, colour=colour) + paint(mark, "bold", colour and bool(mark))


def headline(diagnostic: Diagnostic, *, colour: bool) -> str:
    """Where, how bad, which rule, what."""
    where = one_line(shown(diagnostic.filename, diagnostic.location, diagnostic.cell))
    severity = paint(diagnostic.severity, diagnostic.severity, colour)
    code = paint(diagnostic.code, "bold", colour)
    return f"{paint(where, 'bold', colour)} {severity} {code}: {one_line(diagnostic.message)}"
