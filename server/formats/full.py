"""``--output-format full``: each finding with its line of code, where the value comes from, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from keras_memlint.analysis.text.printable import one_line, paint
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import SEVERITIES, Diagnostic
from keras_memlint.server.formats.concise import headline
from keras_memlint.server.formats.places import line_text, shown
from keras_memlint.server.formats.text import marked
from keras_memlint.server.report import RunReport, Typed


def render(report: RunReport, *, colour: bool) -> Iterator[str]:
    """The findings for people, what was estimated of the same scripts, then a line that counts the findings."""
    source = lru_cache(maxsize=4)(report.sources)
    for diagnostic in report.diagnostics:
        yield headline(diagnostic, colour=colour)
        yield from _code(diagnostic, source, colour)
        for place in diagnostic.related:
            where = shown(place.filename, place.location, place.cell)
            yield f"  {paint('note', 'bold', colour)}: {one_line(place.message)}, {one_line(where)}"
        for text in _helps(diagnostic, report.typed):
            yield f"  {paint('help', 'bold', colour)}: {text}"
        yield ""
    for estimated in report.estimates:
        at = estimated.location
        where = estimated.filename if at is None else shown(estimated.filename, at, estimated.cell)
        label = paint("estimate", "bold", colour)
        yield f"{paint(one_line(where), 'bold', colour)} {label}: {one_line(estimated.summary)}"
    if report.estimates:
        yield ""
    yield from _summary(report)


def _code(diagnostic: Diagnostic, source: Callable[[str], Source | None], colour: bool) -> Iterator[str]:
    at, end = diagnostic.location, diagnostic.end_location
    line = line_text(source(diagnostic.filename), at.row, diagnostic.cell)
    if line is None:
        return
    last = end.column if end.row == at.row else len(line.rstrip()) + 1
    code, carets = marked(line, at.column - 1, last - 1)
    number = str(at.row)
    gutter = " " * len(number)
    bar = paint("|", "dim", colour)
    yield f"{gutter} {bar}"
    yield f"{paint(number, 'dim', colour)} {bar} {code.rstrip()}"
    yield f"{gutter} {bar} {paint(carets, diagnostic.severity, colour)}"


def _helps(diagnostic: Diagnostic, typed: Typed) -> Iterator[str]:
    if diagnostic.help:
        yield one_line(diagnostic.help)
    for fix in diagnostic.fixes:
        mark = "[*] " if typed.would_make(fix) else ""
        yield f"{mark}{one_line(fix.message)}"


def _summary(report: RunReport) -> Iterator[str]:
    files = _count(report.files_checked, "file")
    if not report.diagnostics:
        if report.files_checked:
            yield f"No {'new ' if report.typed.baseline else ''}findings in {files}."
        return
    by_severity = Counter(diagnostic.severity for diagnostic in report.diagnostics)
    kinds = ", ".join(
        # "info" has no plural
        f"{by_severity[s]} info" if s == "info" else _count(by_severity[s], s)
        for s in reversed(SEVERITIES)
        if by_severity[s]
    )
    yield f"Found {_count(len(report.diagnostics), 'finding')} in {files}: {kinds}."
    yield from _ways_to_fix(report.diagnostics, report.typed)
    if any(diagnostic.cell is not None for diagnostic in report.diagnostics):
        yield "Cells of notebooks are counted from 1, Markdown cells included."


def _ways_to_fix(diagnostics: Sequence[Diagnostic], typed: Typed) -> Iterator[str]:
    """How many findings which options would fix: the same command with these does it."""
    fixable = [diagnostic for diagnostic in diagnostics if typed.would_fix(diagnostic)]
    unsafely = [diagnostic for diagnostic in diagnostics if typed.would_fix_unsafely(diagnostic)]
    ways: list[str] = []
    for found, more in ((fixable, typed.unsafe_fixes), (unsafely, True)):
        if not found:
            continue
        # Hints are fixed only where they are shown.
        hints = " --hints" if typed.hints and any(one.severity == "hint" for one in found) else ""
        options = f"--fix{' --unsafe-fixes' if more else ''}{hints}"
        ways.append(f"{len(found):,} {'more' if ways else 'fixable'} with {options}")
    if ways:
        yield f"{'[*] ' if fixable else ''}{', '.join(ways)}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
