"""From what the rules report to what is shown: suppressions, selection, hints, order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from keras_memlint.analysis.source import Source
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
