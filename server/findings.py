"""From what the rules report to what is shown: suppressions, selection, hints, order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import SEVERITIES, Diagnostic, Severity
from keras_memlint.rules.suppressions import apply_suppressions

_NEVER_FAIL = frozenset(("KM000", "KM001"))


class Shown(NamedTuple):
    """Which findings a front end shows: those of ``codes``; ``hints`` all, or only those of the rules ``exact``."""

    codes: frozenset[str]
    exact: frozenset[str] = frozenset()
    hints: bool = False


def judge(source: Source, diagnostics: Iterable[Diagnostic], shown: Shown) -> list[Diagnostic]:
    """The findings to show, in order of position."""
    kept, _, unused = apply_suppressions(source, diagnostics, shown.codes)
    return sorted(
        (
            diagnostic
            for diagnostic in (*kept, *unused)
            if diagnostic.code in shown.codes
            and (diagnostic.severity != "hint" or shown.hints or diagnostic.code in shown.exact)
        ),
        key=_position,
    )


def told_once(diagnostics: Iterable[Diagnostic], raw: Mapping[str, Iterable[Diagnostic]]) -> list[Diagnostic]:
    """``diagnostics`` without those whose cause is in another file that says so itself, at least as severely.

    ``raw`` are the findings of every file of the run by absolute path, before suppressions: what is suppressed at its
    cause is not told at its uses.
    """
    return [one for one in diagnostics if not (one.elsewhere and _is_told(one, raw))]


def _is_told(diagnostic: Diagnostic, raw: Mapping[str, Iterable[Diagnostic]]) -> bool:
    cause = diagnostic.related[0]
    where = os.path.abspath(cause.filename)  # noqa: PTH100  (`resolve` would follow links)
    return any(
        (other.code, other.location) == (diagnostic.code, cause.location)
        and SEVERITIES.index(other.severity) >= SEVERITIES.index(diagnostic.severity)
        for other in raw.get(where, ())
    )


def fails(diagnostics: Iterable[Diagnostic], least: Severity) -> bool:
    """Whether a finding is at least as severe as ``least``. Broken code and unused suppressions alone never fail."""
    worst = SEVERITIES.index(least)
    return any(
        SEVERITIES.index(diagnostic.severity) >= worst
        for diagnostic in diagnostics
        if diagnostic.code not in _NEVER_FAIL
    )


def _position(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
    cell = -1 if diagnostic.cell is None else diagnostic.cell
    return cell, diagnostic.location.row, diagnostic.location.column, diagnostic.code
