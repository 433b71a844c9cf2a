"""Which files a run checks, found from the paths that were typed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from keras_memlint.server.configuration import Configuration, ConfigurationError, Configurations
from keras_memlint.server.ignores import GitIgnores, check_patterns, excluded

SUFFIXES = (".py", ".ipynb")
# Never anybody's training scripts. A virtual environment is known by its pyvenv.cfg, whatever its name.
_SKIPPED = frozenset(
    (
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".ipynb_checkpoints",
        ".tox",
        ".nox",
        "node_modules",
        "site-packages",
    )
)


# Folders of Linux that hold no files of anybody's, and no end of them.
_OF_THE_SYSTEM = frozenset(("/dev", "/proc", "/sys"))


class Found(NamedTuple):
    """A file to check. ``filename`` is as typed, without ``./`` before it, ``path`` absolute.

    ``named``: typed itself, not found in a folder.
    """

    filename: str
    path: str
    named: bool
    configuration: Configuration


@dataclass(slots=True)
class Discovery:
    """``files`` in order of their name. ``problems`` say what could not be looked at, ``empty`` folders without files.

    ``misconfigured`` are those problems that come from a ``pyproject.toml``.
    """

    files: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    misconfigured: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


def discover(
    paths: Iterable[str], configurations: Configurations, *, force_exclude: bool = False
) -> Discovery:
    """The files that ``paths`` (files and folders, as typed) stand for, each once."""
    search = _Search(configurations, force_exclude)
    for path in paths:
        search.add(path)
    search.result.files = sorted(
        (found for found, _ in search.by_place.values()), key=lambda found: found.filename
    )
    return search.result


class _Search:
    """The state of one discovery: what was found where, so that no file is taken twice."""

    def __init__(self, configurations: Configurations, force_exclude: bool) -> None:
        self.configurations = configurations
        self.force_exclude = force_exclude
        self.result = Discovery()
        self.by_place: dict[str, tuple[Found, bool]] = {}

    def add(self, path: str) -> None:
        try:
            is_folder = os.path.isdir(path)
            if not is_folder:
                os.stat(path)
        except (OSError, ValueError) as error:
            self.result.problems.append(f"{path}: cannot be read: {_reason(error)}")
            return
        if not is_folder:
            self._add_named(path)
            return
        if not self._add_folder(path):
            self.result.empty.append(path)

    def _add_named(self, path: str) -> None:
        absolute = os.path.abspath(path)
        try:
            configuration = self.configurations.above(os.path.dirname(absolute))
            if self.force_exclude:
                check_patterns(configuration)
                if excluded(configuration, absolute):
                    return
        except ConfigurationError as error:
            self._misconfigured(error)
            return
        self._keep(
            Found(_shown(path), absolute, True, configuration),
            os.path.realpath(absolute),
            os.path.islink(path),
        )

    def _add_folder(self, typed: str) -> bool:
        """Whether there was anything to check, or to complain about, in the folder."""
        top = os.path.abspath(typed)
        ignores = GitIgnores(top)
        if ignores.ignored(top + os.sep):
            return False
        complaints = len(self.result.problems) + len(self.result.misconfigured)
        seen = 0
        waiting = [(_shown(typed), top, ignores)]
        while waiting:
            name, folder, ignores = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    listed = list(entries)
            except OSError as error:
                self.result.problems.append(f"{name or typed}: cannot be read: {_reason(error)}")
                continue
            configuration = self._configuration(folder)
            if isinstance(configuration, ConfigurationError) and folder == top:
                self._misconfigured(configuration)
            real = os.path.realpath(folder)
            for entry in listed:
                if _is_folder(entry):
                    path = entry.path + os.sep
                    if _foreign(entry) or ignores.ignored(path) or self._excluded(configuration, path):
                        continue
                    waiting.append((os.path.join(name, entry.name), entry.path, ignores.inside(entry.path)))
                elif entry.name.endswith(SUFFIXES) and _is_file(entry):
                    if ignores.ignored(entry.path) or self._excluded(configuration, entry.path):
                        continue
                    seen += 1
                    if isinstance(configuration, ConfigurationError):
                        self._misconfigured(configuration)
                    else:
                        link = entry.is_symlink()
                        place = os.path.realpath(entry.path) if link else os.path.join(real, entry.name)
                        found = Found(os.path.join(name, entry.name), entry.path, False, configuration)
                        self._keep(found, place, link)
        return bool(seen) or len(self.result.problems) + len(self.result.misconfigured) > complaints

    def _keep(self, found: Found, place: str, link: bool) -> None:
        """The first name of a file wins, but a file's own name wins over a link to it."""
        place = os.path.normcase(place)
        known = self.by_place.get(place)
        if known is None or (known[1] and not link):
            self.by_place[place] = (found, link)

    def _configuration(self, folder: str) -> Configuration | ConfigurationError:
        try:
            configuration = self.configurations.above(folder)
            check_patterns(configuration)
        except ConfigurationError as error:
            return error
        return configuration

    def _excluded(self, configuration: Configuration | ConfigurationError, path: str) -> bool:
        return isinstance(configuration, Configuration) and excluded(configuration, path)

    def _misconfigured(self, error: ConfigurationError) -> None:
        if str(error) not in self.result.misconfigured:
            self.result.misconfigured.append(str(error))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False


def _foreign(entry: os.DirEntry[str]) -> bool:
    if entry.name in _SKIPPED or entry.path in _OF_THE_SYSTEM:
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _shown(typed: str) -> str:
    """``typed`` as others show it, and as pre-commit gives it: ``a.py`` for ``./a.py``, nothing for ``.``."""
    separators = os.sep + (os.altsep or "")
    while typed[:1] == os.curdir and typed[1:2] and typed[1] in separators:
        typed = typed[2:].lstrip(separators)
    return "" if typed == os.curdir else typed


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
