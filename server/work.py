"""What a process does for one file: check it, and repair it when that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.collector import look_seldom
from keras_memlint.server.findings import Shown, judge

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace
    from keras_memlint.analysis.sizes.measurement import Measurement
    from keras_memlint.fixes.apply import Fixable, FixOutcome
    from keras_memlint.rules.engine import Report
    from keras_memlint.server.baseline import Baseline

Repair = Literal["safe", "unsafe"]


class Plan(NamedTuple):
    """What a file is checked for."""

    settings: Settings
    shown: Shown

    def with_measurement(self, measurement: Measurement | None) -> Plan:
        """The plan for a script that has been estimated."""
        if measurement is None:
            return self
        return self._replace(settings=replace(self.settings, measurement=measurement))


class Task(NamedTuple):
    """The work on one file; ``path`` is absolute. ``repair`` says which fixes to make, None for none."""

    path: str
    source: Source
    plan: Plan
    baseline: Baseline | None
    repair: Repair | None


class Result(NamedTuple):
    """What came of a task: the report on the text as it was, and the findings to show in it.

    ``repair`` is what fix-all made of it, None when there was nothing to fix, and ``remaining`` what it left.
    """

    report: Report
    diagnostics: list[Diagnostic]
    repair: FixOutcome | None
    remaining: list[Diagnostic]


_YOUNG_OBJECTS = 1_000_000  # what some four hundred scripts leave: most runs end before the first look

_workspace: Workspace | None = None


def prepare() -> None:
    """Makes this process ready: what it learns of one file helps with the next."""
    global _workspace
    from keras_memlint.analysis.projects.workspace import Workspace

    _workspace = Workspace()
    look_seldom(_YOUNG_OBJECTS)


def work(task: Task) -> Result:
    """Does one task. Never raises: what goes wrong is a problem of the report."""
    report = _check(task, task.source)
    diagnostics = judged(task, task.source, report.diagnostics)
    if task.repair is None or report.problems or not repairable(diagnostics, task.repair):
        return Result(report, diagnostics, None, diagnostics)
    try:
        return _repaired(task, report, diagnostics)
    except Exception as error:
        report.problems.append(f"{task.source.path}: fixing it failed ({_name(error)}); this is a bug")
        return Result(report, diagnostics, None, diagnostics)


def judged(task: Task, source: Source, diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings to show, without those that the baseline holds."""
    found = judge(source, diagnostics, task.plan.shown)
    return found if task.baseline is None else task.baseline.new(task.path, source, found)


def repairable(diagnostics: Sequence[Diagnostic], repair: Repair) -> bool:
    """Whether one of the findings has a fix that may be made."""
    return any(
        fix.applicability == "safe" or repair == "unsafe"
        for diagnostic in diagnostics
        for fix in diagnostic.fixes
    )


def fixable(source: Source, diagnostic: Diagnostic) -> Fixable:
    """A finding of ``source`` as fix-all takes it."""
    from keras_memlint.fixes.apply import Fixable
    from keras_memlint.rules.positions import to_way

    return Fixable(diagnostic.code, tuple(to_way(source, fix) for fix in diagnostic.fixes))


def _check(task: Task, source: Source) -> Report:
    from keras_memlint.rules.engine import Report, check_source

    codes = task.plan.shown.codes | {"KM000"}
    try:
        return check_source(source, codes=codes, settings=task.plan.settings, workspace=_workspace)
    # It promises not to raise, but one file must never cost the others their check.
    except Exception as error:
        return Report(problems=[f"{source.path}: the check failed ({_name(error)}); this is a bug"])


def _repaired(task: Task, report: Report, diagnostics: list[Diagnostic]) -> Result:
    from keras_memlint.fixes.apply import fix_all
    from keras_memlint.rules.engine import broken_statements

    last = diagnostics

    def check(source: Source) -> list[Fixable]:
        nonlocal last
        if source is not task.source:
            again = _check(task, source)
            report.problems += [problem for problem in again.problems if problem not in report.problems]
            last = judged(task, source, again.diagnostics)
        return [fixable(source, diagnostic) for diagnostic in last]

    outcome = fix_all(
        task.source,
        check,
        lambda source: broken_statements(source, _workspace),
        unsafe=task.repair == "unsafe",
    )
    if outcome.unstable:
        codes = ", ".join(outcome.unstable)
        report.problems.append(
            f"{task.source.path}: was left as it is, the fixes of {codes} do not come to an end; this is a bug"
        )
        last = diagnostics
    return Result(report, diagnostics, outcome, last)


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
