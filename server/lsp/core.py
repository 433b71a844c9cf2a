"""The bridge to rules and fixes: what one open document or notebook has for findings. Runs in the worker thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from keras_memlint.analysis.nvml import Detected
from keras_memlint.analysis.nvml import gpus as ask_driver
from keras_memlint.analysis.settings import Settings
from keras_memlint.analysis.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.findings import judge
from keras_memlint.server.lsp.documents import Document, Documents, Notebook, Unit
from keras_memlint.server.lsp.options import Options
from keras_memlint.server.lsp.projects import Project, Projects, plan_for
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.analysis.workspace import Workspace
    from keras_memlint.rules.engine import Report

# Texts that nobody edits, and cells of a notebook that was not sent as one: alone they mean something else.
_IGNORED_SCHEMES = frozenset(("git", "gitfs", "vscode-notebook-cell"))
# Shown while typing these would be noise: every editor has its own mark for broken code.
_NOT_IN_EDITORS = frozenset(("KM000",))


class Check(Protocol):
    """The engine's entry, ``rules.engine.check_source``."""

    def __call__(
        self, source: Source, *, codes: frozenset[str], settings: Settings, workspace: Workspace | None
    ) -> Report: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found in one text.

    ``problems`` are bugs of ours, or what could not be done. ``used_files`` are the other files that had a part.
    """

    findings: tuple[Diagnostic, ...] = ()
    problems: tuple[str, ...] = ()
    used_files: frozenset[str] = frozenset()
    project: Project | None = None


class Core:
    """Checks what is open. ``options`` gives the editor's settings for a path."""

    def __init__(
        self, documents: Documents, options: Callable[[str], Options], check: Check | None = None
    ) -> None:
        self._documents = documents
        self._options = options
        self._check = check
        self.projects = Projects()
        self.detect: Callable[[], Detected] = lambda: self._gpus

    @cached_property
    def workspace(self) -> Workspace:
        """What outlives one check of an open document."""
        return self.new_workspace(())

    def new_workspace(self, given: Iterable[str]) -> Workspace:
        """A workspace in which a cause in one of the files ``given`` is reported there. Imports the analysis."""
        from keras_memlint.analysis.workspace import Workspace

        return Workspace(overlay=self._documents.text_at, given=frozenset(given))

    @cached_property
    def _gpus(self) -> Detected:
        return ask_driver()

    @cached_property
    def _engine(self) -> Check:
        if self._check is not None:
            return self._check
        import libcst  # noqa: F401  (imported by the first parse otherwise, which then takes a second)
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
            # What has its cause in another open document is marked there.
            self.workspace.given = self._documents.paths
            return self.in_source(source_of(unit, path), self.workspace)
        except Exception as error:
            return Outcome(problems=(f"{unit.uri}: the check failed ({_named(error)}); this is a bug",))

    def in_source(self, source: Source, workspace: Workspace) -> Outcome:
        """The findings in a text whose path is absolute."""
        project = self.projects.above(Path(source.path).parent)
        plan = plan_for(source.path, project, self._options(source.path), self.detect)
        if plan is None:
            return Outcome(project=project)
        report = self._engine(
            source, codes=plan.shown.codes | {"KM000"}, settings=plan.settings, workspace=workspace
        )
        findings = [
            finding
            for finding in judge(source, report.diagnostics, plan.shown)
            if finding.code not in _NOT_IN_EDITORS
        ]
        return Outcome(tuple(findings), tuple(report.problems), frozenset(report.used_files), project)

    def look_again(self) -> None:
        """Believes nothing that was seen on disk before."""
        self.workspace.look_again()

    def fix_all(self, unit: Unit) -> list[tuple[Document, list[types.TextEdit]]]:
        """The edits that make every safe fix in ``unit``, to the point where none is left."""
        raise NotImplementedError

    def forget(self, uri: str) -> None:
        """Drops what is remembered of a document that was closed."""
        self.workspace.forget(Path(self._documents.path(uri)))


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
    raise NotImplementedError


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
