"""What each file is checked for: the nearest ``pyproject.toml``, as far as it can be used, and the editor's settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.analysis.sizes.nvml import Detected
from keras_memlint.server.configuration import Configuration, ConfigurationError, Problem, load_tolerantly
from keras_memlint.server.findings import Shown
from keras_memlint.server.ignores import excluded, ignored_words
from keras_memlint.server.lsp.diagnostics import SOURCE
from keras_memlint.server.lsp.options import Options
from keras_memlint.server.lsp.positions import Lines
from keras_memlint.server.selection import select
from keras_memlint.server.target import settings_for
from keras_memlint.server.work import Plan
from lsprotocol import types

_HEADER = re.compile(r"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?keras-memlint[\"']?.*$", re.MULTILINE)
_AT_LINE = re.compile(r"at line (\d+), column (\d+)")


@dataclass(frozen=True, slots=True)
class Project:
    """The configuration of a folder; ``file`` is the ``pyproject.toml`` it comes from, None without one."""

    configuration: Configuration
    file: str | None = None
    problems: tuple[Problem, ...] = ()


class Projects:
    """The configuration in force in each folder. Files are read again when they changed on disk."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], Project | None]] = {}

    def above(self, folder: Path) -> Project:
        """The nearest configuration at or above ``folder``, an absolute path."""
        for place in (folder, *folder.parents):
            project = self.read(str(place / "pyproject.toml"))
            if project is not None:
                return project
        return Project(Configuration())

    def read(self, file: str) -> Project | None:
        """The configuration in one ``pyproject.toml``; None when it says nothing to us or is not there."""
        try:
            stat = Path(file).stat()
        except (OSError, ValueError):
            self._known.pop(file, None)
            return None
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            configuration, problems = load_tolerantly(file)
            found = None if configuration is None else Project(configuration, file, tuple(problems))
            known = self._known[file] = stamp, found
        return known[1]


def plan_for(path: str, project: Project, options: Options, detect: Callable[[], Detected]) -> Plan | None:
    """What the file at ``path`` is checked for; None when the configuration excludes it."""
    configuration = project.configuration
    try:
        if excluded(configuration, path):
            return None
        ignored = ignored_words(configuration, path)
    except ConfigurationError:  # a wrong pattern, which ``pattern_problems`` reports
        ignored = []
    selection = select(
        configuration.select, configuration.ignore, options.select, (*options.ignore, *ignored)
    )
    settings = settings_for(configuration, detect, gpu=options.target_gpu, host_memory=options.host_memory)
    return Plan(settings, Shown(selection.codes, selection.exact, options.hints))


def problem_messages(project: Project, encoding: str) -> list[types.Diagnostic]:
    """What is wrong in a project's file, in the line of the key."""
    if project.file is None:
        return []
    problems = [*project.problems, *_pattern_problems(project.configuration)]
    try:
        lines = Lines(Path(project.file).read_bytes().decode("utf-8-sig", "replace"), encoding)
    except OSError:
        lines = Lines("", encoding)
    return [_message(lines, problem, project.file) for problem in problems]


def _pattern_problems(configuration: Configuration) -> list[Problem]:
    found = []
    for key, look in (("exclude", excluded), ("per-file-ignores", ignored_words)):
        try:
            look(configuration, str(configuration.file))
        except ConfigurationError as error:
            found.append(Problem(key, error))
    return found


def _message(lines: Lines, problem: Problem, file: str) -> types.Diagnostic:
    text = str(problem.error).removeprefix(f"{file}: ")
    start, end = _place(lines, problem.key, text)
    return types.Diagnostic(
        lines.range(start, end), text, severity=types.DiagnosticSeverity.Error, source=SOURCE
    )


def _place(lines: Lines, key: str | None, text: str) -> tuple[int, int]:
    """The key, else the place a parser names, else the header of our table, else the first line."""
    header = _HEADER.search(lines.text)
    if key is not None:
        quoted = rf"[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*="
        table = rf"[ \t]*\[[^\]\r\n]*{re.escape(key)}"
        found = re.compile(rf"^(?:{quoted}|{table})", re.MULTILINE).search(
            lines.text, header.start() if header else 0
        )
        if found is not None:
            at = lines.text.rindex(key, found.start(), found.end())
            return at, at + len(key)
    named = _AT_LINE.search(text)
    if named is not None:
        at = lines.offset_of(int(named[1]), int(named[2]))
        return at, lines.line_span(lines.row(at))[1]
    return header.span() if header is not None else lines.line_span(0)
