"""Findings in files of the workspace that are not open: found, remembered, and only asked of the rules when changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_memlint.analysis.text.files import UnreadableError, read_script
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.configuration import Configurations
from keras_memlint.server.discovery import Found, discover
from keras_memlint.server.lsp.core import Core
from keras_memlint.server.lsp.diagnostics import Renderer
from keras_memlint.server.lsp.documents import Document
from keras_memlint.server.lsp.positions import Lines
from keras_memlint.server.measurements import Measurements
from lsprotocol import types
from pygls.uris import from_fs_path

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace

# Editors ask every two seconds; how long a list of files is good, in seconds, should one of their watchers fail.
_BELIEVED = 30.0

Messages = tuple[types.Diagnostic, ...]
Stamp = tuple[tuple[int, int] | None, ...]
"""Time of change and size of a file and of those it uses; None for one that is gone."""


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: Stamp
    paths: tuple[str, ...]
    messages: Messages
    estimated: int | None = None


class Unopened:
    """What is known of the files on disk. Everything here runs in the worker thread."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._known: dict[str, _Known] = {}
        self._folders: list[str] = []
        self._files: list[Found] = []
        self._listed_at = 0.0

    def files(self, folders: Iterable[str], *, believe_list: bool) -> list[Found]:
        """The scripts and notebooks below ``folders`` that are neither ignored nor excluded, in order.

        ``believe_list``: the editor tells when files come and go, so that the last list holds for a while.
        """
        wanted = sorted(set(folders))
        if believe_list and wanted == self._folders and time.monotonic() - self._listed_at < _BELIEVED:
            return self._files
        # A wrong pyproject.toml excludes what is below it here; it is marked as soon as a file there is opened.
        self._files = discover(wanted, Configurations(), force_exclude=True).files
        self._folders, self._listed_at = wanted, time.monotonic()
        self._known = {file.path: self._known[file.path] for file in self._files if file.path in self._known}
        return self._files

    def forget_all(self) -> None:
        """Makes everything out of date: settings changed, or files came or went."""
        self._known.clear()
        self._folders = []

    def remembered(self, files: Iterable[Found]) -> dict[str, Messages]:
        """What is known of those ``files``, by path, that did not change since."""
        estimates = Measurements()
        return {
            file.path: known.messages
            for file in files
            if (known := self._known.get(file.path)) is not None
            and known.stamp == _stamp(known.paths)
            and known.estimated == estimates.estimated_at(file.path)
        }

    def check(self, file: Found, render: Renderer, workspace: Workspace) -> tuple[Messages, tuple[str, ...]]:
        """The findings in a file, none when it cannot be read, and what went wrong."""
        stamp = _stamp((file.path,))
        try:
            source = read_script(Path(file.path), file.path).source
        except UnreadableError:
            self._known[file.path] = _Known(stamp, (file.path,), (), Measurements().estimated_at(file.path))
            return (), ()
        outcome = self._core.in_source(source, workspace)
        # One tree after the other: they are large, and what is wanted of a file is now known.
        workspace.forget(Path(file.path))
        messages = _messages(source, outcome.findings, render)
        used = tuple(sorted(outcome.used_files))
        self._known[file.path] = _Known(stamp + _stamp(used), (file.path, *used), messages, outcome.estimated)
        return messages, (*outcome.problems, *([outcome.notice] if outcome.notice else []))


def _messages(source: Source, findings: Iterable[Diagnostic], render: Renderer) -> Messages:
    if source.cells:
        return tuple(_in_notebook(source, finding, render) for finding in findings)
    uri = from_fs_path(source.path) or source.path
    document = Document(uri, "python", 0, Lines(source.text, render.documents.encoding))
    return tuple(render.message(document, document, finding) for finding in findings)


def _in_notebook(source: Source, finding: Diagnostic, render: Renderer) -> types.Diagnostic:
    """A finding in a notebook that is not open: only the editor knows the addresses of its cells."""
    document = Document(from_fs_path(source.path) or source.path, "json", 0, Lines(source.text, "utf-32"))
    message = render.message(document, document, finding)
    message.range = types.Range(types.Position(0, 0), types.Position(0, 0))
    message.related_information = None
    message.message = f"cell {(finding.cell or 0) + 1}, line {finding.location.row}: {message.message}"
    return message


def _stamp(paths: Iterable[str]) -> Stamp:
    return tuple(_stamp_of(path) for path in paths)


def _stamp_of(path: str) -> tuple[int, int] | None:
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size
