"""Gitignore patterns: those of ``exclude`` and ``per-file-ignores``, and the ``.gitignore`` files of a repository."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from keras_memlint.server.configuration import Configuration, ConfigurationError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@lru_cache(maxsize=256)
def compiled(patterns: tuple[str, ...], where: str) -> GitIgnoreSpec:
    """The patterns as one specification. Raises ConfigurationError, which names ``where``, when one is wrong."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise ConfigurationError(f"{where}: is no gitignore pattern: {error}") from error


def excluded(configuration: Configuration, path: str) -> bool:
    """Whether ``exclude`` holds for ``path``, which is absolute and ends with a separator for folders."""
    if not configuration.exclude or configuration.file is None:
        return False
    spec = compiled(configuration.exclude, f"{configuration.file}: `exclude`")
    return _matches(spec, path, str(configuration.file.parent))


def check_patterns(configuration: Configuration) -> None:
    """Raises ConfigurationError when a pattern of ``exclude`` or ``per-file-ignores`` is none."""
    if configuration.exclude:
        compiled(configuration.exclude, f"{configuration.file}: `exclude`")
    for pattern, _ in configuration.per_file_ignores:
        compiled((pattern,), f"{configuration.file}: `per-file-ignores`")


def ignored_words(configuration: Configuration, path: str) -> list[str]:
    """The codes, prefixes and names that ``per-file-ignores`` switches off for ``path``, which is absolute."""
    if not configuration.per_file_ignores or configuration.file is None:
        return []
    folder = str(configuration.file.parent)
    where = f"{configuration.file}: `per-file-ignores`"
    return [
        word
        for pattern, words in configuration.per_file_ignores
        if _matches(compiled((pattern,), where), path, folder)
        for word in words
    ]


class GitIgnores:
    """The ``.gitignore`` files in force below one folder; empty outside a repository."""

    def __init__(self, folder: str) -> None:
        self._levels: list[tuple[str, GitIgnoreSpec]] = []
        self._repository = repository_of(folder)
        if self._repository is not None:
            for above in _down(self._repository, folder):
                self._read(above)

    @classmethod
    def _of(cls, levels: list[tuple[str, GitIgnoreSpec]], repository: str | None) -> GitIgnores:
        new = cls.__new__(cls)
        new._levels, new._repository = levels, repository
        return new

    def inside(self, folder: str) -> GitIgnores:
        """What is in force inside ``folder``, a folder directly below this one."""
        if os.path.lexists(os.path.join(folder, ".git")):
            return GitIgnores(folder)
        if self._repository is None or not os.path.exists(os.path.join(folder, ".gitignore")):
            return self
        below = GitIgnores._of(list(self._levels), self._repository)
        below._read(folder)
        return below

    def ignored(self, path: str) -> bool:
        """Whether ``path`` is ignored: absolute, ending with a separator for folders. The nearest file decides."""
        for folder, spec in reversed(self._levels):
            verdict = spec.check_file(_relative(path, folder)).include
            if verdict is not None:
                return verdict
        return False

    def _read(self, folder: str) -> None:
        from pathspec import GitIgnoreSpec

        try:
            with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="surrogateescape") as file:
                lines = file.read().splitlines()
        except OSError:
            return
        understood = []
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:  # git passes over what it does not understand
                continue
            understood.append(line)
        if understood:
            self._levels.append((folder, GitIgnoreSpec.from_lines(understood)))


def repository_of(folder: str) -> str | None:
    """The nearest folder at or above ``folder``, an absolute path, that holds ``.git``; None outside repositories."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def _down(top: str, folder: str) -> list[str]:
    found = [folder]
    while found[-1] != top:
        found.append(os.path.dirname(found[-1]))
    return found[::-1]


def _matches(spec: GitIgnoreSpec, path: str, folder: str) -> bool:
    return spec.match_file(_relative(path, folder))


def _relative(path: str, folder: str) -> str:
    relative = path[len(folder) :].lstrip(os.sep) if path.startswith(folder) else path
    return relative.replace(os.sep, "/")
