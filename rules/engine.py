"""Runs rules over one script and turns what they find into diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix, Position
from keras_memlint.rules.doubting import doubted
from keras_memlint.rules.positions import to_position, to_related, to_text_edit

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace
    from keras_memlint.analysis.script import Script
    from keras_memlint.rules.base import Finding, Rule


_PLACES = 3  # statements set aside that a file is told of: many are a text that is no code


@dataclass(slots=True)
class Report:
    """The outcome for one script.

    ``diagnostics`` are in order of position, before suppressions are applied. ``problems`` name rules that failed
    (a bug of ours, never the user's). ``used_files`` are the other files whose content had a part in the result.
    ``seconds`` is the time each rule took.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    used_files: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def check_source(
    source: Source,
    *,
    codes: Collection[str],
    settings: Settings,
    workspace: Workspace | None = None,
    look: Callable[[Script], None] | None = None,
) -> Report:
    """All findings of the rules ``codes`` in ``source``, and of ``KM000`` when it is among them. Never raises.

    ``look`` is shown the analysed script, which is dropped afterwards; not called where there is nothing to analyse.
    """
    from keras_memlint.analysis.projects.relevance import relevance
    from keras_memlint.analysis.script import analyse

    report = Report()
    try:
        relevant, looked_at = relevance(source, workspace)
        report.used_files = tuple(sorted(looked_at))
        if not relevant:
            return report
        script = analyse(source, settings, workspace)
    except Exception as error:
        report.problems.append(_failed(source, error))
        return report
    if "KM000" in codes:
        report.diagnostics += _broken(script)
    report.diagnostics += _findings(script, codes, report)
    try:
        report.diagnostics = doubted(
            script, report.diagnostics, lambda ended, again: _findings(ended, again, report), workspace
        )
    except Exception as error:
        report.problems.append(_failed(source, error))
    if look is not None:
        try:
            look(script)
        except Exception as error:
            report.problems.append(
                f"{source.path}: looking at it failed ({type(error).__name__}: {error}); this is a bug"
            )
    if (
        script.source.path != source.path
    ):  # it was read before, by a file that imports it, and got its name there
        report.diagnostics = [_renamed(one, script.source.path, source.path) for one in report.diagnostics]
    report.diagnostics.sort(key=lambda d: (d.cell or 0, d.location.row, d.location.column, d.code))
    report.used_files = tuple(sorted(looked_at | script.project.used))
    return report


def broken_statements(source: Source, workspace: Workspace | None = None) -> int:
    """How many statements of ``source`` do not parse."""
    from keras_memlint.analysis.syntax.parse import parse

    parsed = parse(source) if workspace is None else workspace.parse(source)[1]
    return len(parsed.broken)


def _renamed(diagnostic: Diagnostic, old: str, new: str) -> Diagnostic:
    """``diagnostic`` with the file ``old`` called ``new``."""
    related = tuple(replace(one, filename=new) if one.filename == old else one for one in diagnostic.related)
    return replace(
        diagnostic, filename=new if diagnostic.filename == old else diagnostic.filename, related=related
    )


def _failed(source: Source, error: Exception) -> str:
    return f"{source.path}: the analysis failed ({type(error).__name__}: {error}); this is a bug"


def _findings(script: Script, codes: Collection[str], report: Report) -> list[Diagnostic]:
    """What the rules ``codes`` find in ``script``; ``report`` learns how long they took, and which failed."""
    from keras_memlint.rules.registry import selected

    found: list[Diagnostic] = []
    seen: set[tuple[str, str, int, int]] = set()  # a call that is evaluated twice has one finding
    told: set[tuple[str, Position, str]] = set()  # one call may lead to several causes in other files
    for registered in selected(codes, script):
        rule = registered.rule
        started = time.perf_counter()
        try:
            for finding in registered.check(script):
                at = finding.at
                key = (rule.code, at.source.path, at.start, at.end)
                made = _diagnostic(script, rule, finding) if key not in seen else None
                if made is None:
                    continue
                seen.add(key)
                if made.elsewhere:
                    words = (rule.code, made.location, made.message)
                    if words in told:
                        continue
                    told.add(words)
                found.append(made)
        except Exception as error:
            report.problems.append(
                f"{script.source.path}: {rule.code} failed ({type(error).__name__}: {error}); this is a bug"
            )
        report.seconds[rule.code] = report.seconds.get(rule.code, 0.0) + time.perf_counter() - started
    return found


def _diagnostic(script: Script, rule: Rule, finding: Finding) -> Diagnostic | None:
    """``finding`` as front ends see it; None when its cause is in another file and nothing here leads to it."""
    at = finding.at
    related = finding.related
    fixes = finding.fixes
    elsewhere = at.source is not script.source
    if elsewhere:
        if finding.site is None or finding.site.source is not script.source:
            return None
        related = (("the cause is here", at), *related)
        at, fixes = finding.site, ()
    source = at.source
    message = finding.message
    cost = finding.cost or (format_bytes(finding.bytes) if finding.bytes is not None else "")
    if cost:
        message = f"{message} ({cost})"
    cell = source.cell_at(at.start)
    statement = script.statement_at(at.start)
    last = script.place(statement).end if statement is not None and not _has_body(statement) else at.end
    return Diagnostic(
        rule.code,
        rule.name,
        finding.severity or rule.severity,
        message,
        source.path,
        to_position(source, at.start),
        to_position(source, at.end),
        cell.index if cell is not None else None,
        finding.bytes,
        finding.help,
        tuple(dict.fromkeys(to_related(note, place) for note, place in related)),
        tuple(_fix(source, fix) for fix in fixes),
        last_row=to_position(source, max(last, at.end)).row,
        elsewhere=elsewhere,
    )


def _has_body(statement: object) -> bool:
    from keras_memlint.analysis.syntax import tree

    return isinstance(statement, tree.Stmt) and bool(tree.blocks(statement))


def _fix(source: Source, fix: Fix) -> DiagnosticFix:
    applicability: Literal["safe", "unsafe"] = "safe" if fix.safe else "unsafe"
    return DiagnosticFix(applicability, fix.message, tuple(to_text_edit(source, edit) for edit in fix.edits))


def _broken(script: Script) -> Iterator[Diagnostic]:
    """One ``KM000`` for each statement that was set aside, one for all of a file of Python 2, and few for what is no code."""
    from keras_memlint.analysis.syntax.python_2 import is_python_2

    source = script.source
    broken = script.parsed.broken
    old = is_python_2(broken)
    # The first one says how many there are: a later one may be suppressed.
    more = (
        f"; so were {len(broken) - 1:,} more, of which {_PLACES - 1} are told"
        if len(broken) > _PLACES
        else ""
    )
    for piece in broken[: 1 if old else _PLACES]:
        row = source.row(piece.start) + piece.lines_to_error
        row = min(row, source.row(piece.start + len(piece.text.rstrip())))
        start, end = source.line_span(row)
        text = source.text[start:end]
        start += len(text) - len(text.lstrip())
        cell = source.cell_at(start)
        yield Diagnostic(
            "KM000",
            "syntax-error",
            "info",
            f"{len(broken):,} statements were set aside, from this one on: they are of Python 2"
            if old
            else f"this statement was set aside: {piece.error}" + (more if piece is broken[0] else ""),
            source.path,
            to_position(source, start),
            to_position(source, max(end, start)),
            cell.index if cell is not None else None,
            help="the rest of the file was checked",
            last_row=to_position(source, end).row,
        )
