"""What outlives one analysis: parsed files, modules of the user's own code, and what was seen on disk.

One workspace serves a whole run of the command line or a language server. The user's code is read, never imported.
"""

from __future__ import annotations

import glob
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from keras_memlint.analysis.abstract.values import Class, Instance
from keras_memlint.analysis.projects.data_files import read_data
from keras_memlint.analysis.projects.npy import read_header
from keras_memlint.analysis.syntax.parse import ParseCache, Parsed, parse
from keras_memlint.analysis.text.files import UnreadableError, decode
from keras_memlint.analysis.text.source import Source
from keras_memlint.analysis.text.words import Among, words_of

_KEPT = 128  # files whose trees are remembered
_SECONDS = 5.0  # how long what was seen on disk is believed
_MODULE_BYTES = 300_000
_GLOB_LIMIT = 100_000
_TEXT_BYTES = 4_000_000  # of a notebook with its pictures
T = TypeVar("T")


@dataclass(slots=True)
class Module:
    """A module of the workspace once it was read. ``instance`` holds its names, ``modules`` those it uses, by path."""

    source: Source
    instance: Instance
    modules: dict[str, Module] = field(default_factory=dict)
    complete: bool = False
    _among: Among = field(default_factory=Among)
    _words: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        """All words of its text."""
        if self._words is None:
            self._words = words_of(self.source.text)
        return self._words

    def among(self, words: frozenset[str]) -> frozenset[str]:
        """Those of ``words`` that stand in its text."""
        return self._among.of(words, self.source.text)


@dataclass(slots=True)
class Workspace:
    """``overlay`` gives the text of a file that is open in an editor, None for others."""

    overlay: Callable[[Path], str | None] = lambda _path: None
    _parsed: OrderedDict[str, tuple[Source, Parsed, ParseCache]] = field(default_factory=OrderedDict)
    _modules: dict[str, tuple[str, Module]] = field(default_factory=dict)
    _seen: dict[tuple[str, str], tuple[float, object]] = field(default_factory=dict)
    _made: dict[tuple[str, str], tuple[str, object]] = field(default_factory=dict)

    def parse(self, source: Source) -> tuple[Source, Parsed]:
        """The statements of ``source``; what its last text had in common with this one is not parsed again."""
        key = str(Path(source.path).absolute())
        known = self._parsed.pop(key, None)
        if known is not None and known[0].text == source.text and known[0].cells == source.cells:
            self._parsed[key] = known
            return known[0], known[1]
        cache = known[2] if known is not None else ParseCache()
        parsed = parse(source, cache)
        self._parsed[key] = (source, parsed, cache)
        while len(self._parsed) > _KEPT:
            self._parsed.popitem(last=False)
        return source, parsed

    def forget(self, path: Path) -> None:
        """Drop what is remembered of a file that was closed."""
        self._parsed.pop(str(path.absolute()), None)

    def look_again(self) -> None:
        """Believe nothing that was seen on disk: files changed."""
        self._seen.clear()

    def module_source(self, path: Path, shown_as: str) -> Source | None:
        """The text of a module, from the editor or from disk; None when it cannot be read or is too large."""
        text = self.overlay(path)
        if text is not None:
            return Source(shown_as, text)
        try:
            if path.stat().st_size > _MODULE_BYTES:
                return None
            return Source(shown_as, decode(path.read_bytes(), shown_as)[0])
        except (OSError, UnreadableError):
            return None

    def module(
        self, path: Path, shown_as: str, evaluate: Callable[[Source, Parsed, Module], None]
    ) -> Module | None:
        """The module at ``path``, evaluated once for each text it has; half done while an import cycle closes."""
        key = str(path)
        stamp = self._stamp(path)
        known = self._modules.get(key)
        if known is not None and known[0] == stamp:
            return known[1]
        source = self.module_source(path, shown_as)
        if source is None:
            return None
        source, parsed = self.parse(source)
        module = Module(source, Instance(_MODULE, path=key))
        self._modules[key] = (stamp, module)
        evaluate(source, parsed, module)
        module.complete = True
        return module

    def _stamp(self, path: Path) -> str:
        text = self.overlay(path)
        if text is not None:
            return f"text {hash(text)}"
        try:
            stat = path.stat()
        except OSError:
            return "gone"
        return f"{stat.st_mtime_ns} {stat.st_size}"

    def lasting(self, kind: str, path: str, make: Callable[[str, str], T]) -> T | None:
        """What ``make`` makes of a file's name and text, until the file changes; None when it cannot be read."""
        stamp = self._stamp(Path(path))
        known = self._made.get((kind, path))
        if known is None or known[0] != stamp:
            text = self.overlay(Path(path)) or _text_of(Path(path))
            known = self._made[kind, path] = (stamp, None if text is None else make(path, text))
        return known[1]  # type: ignore[return-value]

    def remembered(self, kind: str, key: str, look: Callable[[], T]) -> T:
        """What ``look`` saw on disk a moment ago."""
        now = time.monotonic()
        known = self._seen.get((kind, key))
        if known is not None and now - known[0] < _SECONDS:
            return known[1]  # type: ignore[return-value]
        found = look()
        self._seen[kind, key] = (now, found)
        return found

    def names(self, folder: str) -> frozenset[str]:
        """What a folder holds; nothing when it is none."""

        def look() -> frozenset[str]:
            try:
                return frozenset(os.listdir(folder))
            except (OSError, ValueError):
                return frozenset()

        found = self.remembered("names", folder, look)
        return found if isinstance(found, frozenset) else frozenset()

    def size(self, path: Path) -> int | None:
        """Size in bytes of a file, None when it is not there."""

        def look() -> int | None:
            try:
                return path.stat().st_size if path.is_file() else None
            except (OSError, ValueError):
                return None

        found = self.remembered("size", str(path), look)
        return found if isinstance(found, int) else None

    def npy_header(self, path: Path) -> tuple[str, tuple[int, ...]] | None:
        """Dtype and shape of the array in a ``.npy`` file, None when it is not there or does not say."""
        found = self.remembered("npy", str(path), lambda: read_header(path))
        return found if isinstance(found, tuple) else None

    def configuration(self, path: Path, *, yaml: bool) -> object:
        """What a JSON or YAML file says, from the editor or from disk; None when it cannot be read."""

        def look() -> object:
            source = self.module_source(path, str(path))
            return None if source is None else read_data(source.text, yaml=yaml)

        return look() if self.overlay(path) is not None else self.remembered("configuration", str(path), look)

    def glob(self, folder: Path, pattern: str) -> tuple[int, int] | None:
        """How many files match and their bytes; None when none do or the pattern is not worth following."""

        def look() -> tuple[int, int] | None:
            if "**" in pattern or pattern.startswith(("*", "/*", "gs://", "s3://", "hdfs://")):
                return None
            try:
                names = list(islice(glob.iglob(str(folder / pattern)), _GLOB_LIMIT))
                total = sum(Path(name).stat().st_size for name in names)
            except (OSError, ValueError):
                return None
            return (len(names), total) if names and len(names) < _GLOB_LIMIT else None

        found = self.remembered("glob", f"{folder}\0{pattern}", look)
        return found if isinstance(found, tuple) else None


def _text_of(path: Path) -> str | None:
    """The text of a file, with a row for each line of a notebook's cells; None when it cannot be read or is too large."""
    try:
        if path.stat().st_size > _TEXT_BYTES:
            return None
        text = decode(path.read_bytes(), str(path))[0]
    except (OSError, UnreadableError):
        return None
    return text.replace("\\n", "\n") if path.suffix == ".ipynb" else text


def _module_class() -> Class:
    from keras_memlint.analysis.abstract.scopes import Scope

    return Class(None, (), Scope("class"))  # type: ignore[arg-type]


_MODULE = _module_class()
