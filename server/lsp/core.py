"""The bridge to rules and fixes, for the worker thread: what one open document or notebook has for findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from keras_memlint.analysis.sizes.nvml import Detected
from keras_memlint.analysis.sizes.nvml import gpus as ask_driver
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.sizes.size_hints import SizeHints, Sizes
from keras_memlint.analysis.sizes.trainings import NO_TRAININGS, Trainings, trainings_of
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix
from keras_memlint.rules.positions import to_text_edit
from keras_memlint.server.findings import judge
from keras_memlint.server.lsp.difference import differences
from keras_memlint.server.lsp.documents import Document, Documents, Notebook, Unit
from keras_memlint.server.lsp.options import Options
from keras_memlint.server.lsp.projects import Project, Projects, plan_for
from keras_memlint.server.measurements import Measurements
from keras_memlint.server.work import Plan, fixable
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.sizes.measurement import Measurement
    from keras_memlint.rules.engine import Report

# Texts that nobody edits, and cells of a notebook that was not sent as one: alone they mean something else.
_IGNORED_SCHEMES = frozenset(("git", "gitfs", "vscode-notebook-cell"))
# Characters of code, about 7 seconds of one core: while one text is analysed, all others wait.
LONGEST = 1_000_000
# Shown while typing these would be noise: every editor has its own mark for broken code.
_NOT_IN_EDITORS = frozenset(("KM000",))


class Check(Protocol):
    """The engine's entry, ``rules.engine.check_source``."""

    def __call__(
        self,
        source: Source,
        *,
        codes: frozenset[str],
        settings: Settings,
        workspace: Workspace | None,
        look: Callable[[Script], None] | None,
    ) -> Report: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one text.

    ``problems`` are bugs of ours, or what could not be done. ``notice`` is for people to read: why there is nothing.
    ``used_files`` are the other files that had a part.
    ``measurement`` is what an estimate of this text says, ``estimated`` when the last one of any text was made.
    ``trainings`` and ``sizes`` are known of what is open alone.
    """

    findings: tuple[Diagnostic, ...] = ()
    problems: tuple[str, ...] = ()
    used_files: frozenset[str] = frozenset()
    project: Project | None = None
    measurement: Measurement | None = None
    estimated: int | None = None
    trainings: Trainings = NO_TRAININGS
    sizes: Sizes = field(default_factory=Sizes)
    notice: str | None = None


class Core:
    """Checks what is open. ``options`` gives the editor's settings for a path.

    ``shows_sizes``: the editor may ask for what an ``Outcome`` has as ``sizes``, which are none otherwise, nor where the
    settings want none.
    """

    def __init__(
        self, documents: Documents, options: Callable[[str], Options], check: Check | None = None
    ) -> None:
        self._documents = documents
        self._options = options
        self._check = check
        self.projects = Projects()
        self.shows_sizes = False
        self.detect: Callable[[], Detected] = lambda: self._gpus

    @cached_property
    def workspace(self) -> Workspace:
        """What outlives one check of an open document."""
        return self.new_workspace()

    def new_workspace(self) -> Workspace:
        """A workspace that sees the texts of open documents. Imports the analysis."""
        from keras_memlint.analysis.projects.workspace import Workspace

        return Workspace(overlay=self._documents.text_at)

    @cached_property
    def _gpus(self) -> Detected:
        return ask_driver()

    @cached_property
    def _engine(self) -> Check:
        if self._check is not None:
            return self._check
        from keras_memlint.analysis.syntax import lower  # noqa: F401  (imported by the first parse otherwise)
        from keras_memlint.rules.engine import check_source

        return check_source

    def warm_up(self) -> None:
        """Imports what the first check needs."""
        self._engine, self.workspace, self._gpus  # noqa: B018  (asked for to be made)

    def outcome(self, unit: Unit) -> Outcome:
        """The findings in ``unit``. Never raises."""
        if not lintable(unit):
            return Outcome()
        try:
            path = self._documents.path(unit.uri)
            return self.in_source(source_of(unit, path), self.workspace, is_open=True)
        except Exception as error:
            return Outcome(problems=(_bug(unit.uri, "the check", error),))

    def in_source(self, source: Source, workspace: Workspace, *, is_open: bool = False) -> Outcome:
        """The findings in a text whose path is absolute; for one that is open, what else editors show. Never raises."""
        try:
            return self._in_source(source, workspace, is_open=is_open)
        except Exception as error:
            return Outcome(problems=(_bug(source.path, "the check", error),))

    def sizes(self, unit: Unit, outcome: Outcome) -> tuple[SizeHints, list[str]]:
        """The sizes in ``unit``, and what went wrong. Never raises; what failed is told once, and then gives none."""
        try:
            return outcome.sizes(), []
        except Exception as error:
            return SizeHints(), [_bug(unit.uri, "finding sizes", error)]

    def look_again(self) -> None:
        """Believes nothing that was seen on disk before."""
        self.workspace.look_again()

    def fix_all(self, unit: Unit) -> tuple[list[tuple[Document, list[types.TextEdit]]], list[str]]:
        """The edits that make every safe fix in ``unit`` until none is left, and what went wrong."""
        from keras_memlint.fixes.apply import Fixable, fix_all
        from keras_memlint.rules.engine import broken_statements

        path = self._documents.path(unit.uri)
        plan = plan_for(path, self.projects.above(Path(path).parent), self._options(path), self.detect)
        if plan is None or not lintable(unit):
            return [], []
        problems: list[str] = []

        def check(source: Source) -> list[Fixable]:
            report = self._report(source, estimated, self.workspace)
            problems.extend(report.problems)
            return [fixable(source, finding) for finding in judge(source, report.diagnostics, plan.shown)]

        source = source_of(unit, path)
        if notice := _too_long(source):
            return [], [notice]
        estimated = plan.with_measurement(Measurements().of(path, source))
        try:
            outcome = fix_all(source, check, lambda one: broken_statements(one, self.workspace), unsafe=False)
        except Exception as error:
            return [], [*problems, _bug(unit.uri, "fixing it", error)]
        if outcome.unstable:
            codes = ", ".join(outcome.unstable)
            problems.append(
                f"{unit.uri}: was left as it is, the fixes of {codes} do not come to an end; this is a bug"
            )
        return _edits(unit, outcome.source), problems

    def changes(self, unit: Unit, names: Iterable[str]) -> tuple[dict[str, DiagnosticFix], list[str]]:
        """The fix for each change of an estimate that can be made in ``unit``, and what went wrong. Never raises."""
        from keras_memlint.fixes.what_if import make

        try:
            if notice := _too_long(source_of(unit, self._documents.path(unit.uri))):
                return {}, [notice]
            script = self._script(unit)
        except Exception as error:
            return {}, [_bug(unit.uri, "looking for changes", error)]
        found: dict[str, DiagnosticFix] = {}
        problems: list[str] = []
        for name in names:
            try:
                fix = make(script, name)
            except Exception as error:
                problems.append(_bug(unit.uri, f"`{name}`", error))
                continue
            if fix is not None:
                edits = tuple(to_text_edit(script.source, edit) for edit in fix.edits)
                found[name] = DiagnosticFix("unsafe", fix.message, edits)
        return found, problems

    def _script(self, unit: Unit) -> Script:
        """What ``unit`` does with memory, whatever rules are wanted; with its estimate."""
        from keras_memlint.analysis.script import analyse

        path = self._documents.path(unit.uri)
        source = source_of(unit, path)
        measurement = Measurements().of(path, source)
        plan = plan_for(path, self.projects.above(Path(path).parent), self._options(path), self.detect)
        settings = (
            Settings(measurement=measurement) if plan is None else plan.with_measurement(measurement).settings
        )
        return analyse(source, settings, self.workspace)

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document that was closed."""
        self.workspace.forget(Path(self._documents.path(uri)))

    def _in_source(self, source: Source, workspace: Workspace, *, is_open: bool) -> Outcome:
        project = self.projects.above(Path(source.path).parent)
        options = self._options(source.path)
        plan = plan_for(source.path, project, options, self.detect)
        if plan is None:
            return Outcome(project=project)
        if notice := _too_long(source):
            return Outcome(project=project, notice=notice)
        estimates = Measurements()
        estimated, measurement = estimates.estimated_at(source.path), estimates.of(source.path, source)
        trainings, sizes = Trainings(plan.settings.target.gpu), Sizes()

        def look(script: Script) -> None:
            nonlocal trainings, sizes
            trainings = trainings_of(script)
            if self.shows_sizes and options.shows_sizes:
                sizes = Sizes(script)

        plan = plan.with_measurement(measurement)
        report = self._report(source, plan, workspace, look if is_open else None)
        findings = [
            finding
            for finding in judge(source, report.diagnostics, plan.shown)
            if finding.code not in _NOT_IN_EDITORS
        ]
        return Outcome(
            tuple(findings),
            tuple(report.problems),
            frozenset(report.used_files),
            project,
            measurement,
            estimated,
            trainings,
            sizes,
        )

    def _report(
        self, source: Source, plan: Plan, workspace: Workspace, look: Callable[[Script], None] | None = None
    ) -> Report:
        codes = plan.shown.codes | {"KM000"}
        return self._engine(source, codes=codes, settings=plan.settings, workspace=workspace, look=look)


def _too_long(source: Source) -> str | None:
    """Why ``source`` is not analysed in editors; None when it is."""
    if len(source.text) <= LONGEST:
        return None
    from keras_memlint.analysis.projects.relevance import RELEVANT

    if not RELEVANT.search(source.text):
        return None  # nothing is analysed, nor would be
    return (
        f"{Path(source.path).name} is not checked in the editor: it has {len(source.text):,} characters of code,"
        f" more than {LONGEST:,}; `keras-memlint check` on the command line checks it"
    )


def lintable(unit: Unit) -> bool:
    """Whether the document or notebook can have findings at all."""
    if isinstance(unit, Notebook):
        return True
    try:
        scheme = urlsplit(unit.uri).scheme
    except ValueError:
        return False
    return unit.language == "python" and scheme not in _IGNORED_SCHEMES


def source_of(unit: Unit, path: str) -> Source:
    """The text that is analysed: the document's, or the notebook's Python cells joined in order."""
    if isinstance(unit, Document):
        return Source(path, unit.text)
    return join_cells(path, ((index, cell.text) for index, cell in unit.code_cells()))


def _edits(unit: Unit, new: Source) -> list[tuple[Document, list[types.TextEdit]]]:
    """What changes in the documents of ``unit`` when their texts become those of ``new``."""
    if isinstance(unit, Document):
        texts = [(unit, new.text)]
    else:
        cells = (document for _, document in unit.code_cells())
        texts = [
            (document, new.text[cell.start : cell.end])
            for document, cell in zip(cells, new.cells, strict=True)
        ]
    return [
        (
            document,
            [types.TextEdit(document.lines.range(edit.start, edit.end), edit.content) for edit in edits],
        )
        for document, text in texts
        if (edits := differences(document.text, text))
    ]


def _bug(name: str, what: str, error: Exception) -> str:
    return f"{name}: {what} failed ({type(error).__name__}: {error}); this is a bug"
