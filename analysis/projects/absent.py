"""Imports that cannot succeed: of the project's own modules that are not there, of names that these have not, and of
modules whose own imports are such.

Only what is surely the project's own is judged. A library may have any module, and so may a project that keeps a part of its
code elsewhere: whose `.gitignore` names it, that takes modules from other repositories, that makes them or changes `sys.path`.
"""

from __future__ import annotations

import builtins
import keyword
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.facts.dynamic import GIVES
from keras_memlint.analysis.projects.importers import TEXTS
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.tokens import split_statements

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.project import Project

_Import = tree.Import | tree.ImportFrom
_FILES = 40  # modules that are followed from one import
_BUILTINS = frozenset(dir(builtins))
_KEYWORDS = frozenset(keyword.kwlist)
_FIRST_WORD = re.compile(r"\w+")
_NO_NAMES = re.compile(r"#[^\n]*|[\\()\s]+")  # in an import
_IMPORT = re.compile(r"\s*(?:from\s+((?:\.\s*)*)([\w.]*)\s*)?\bimport\s+(.+)")
_CALLED = re.compile(r"(?<![\w.])([^\W\d]\w*)(?:\.\w+)*\s*\(")
# What may give a module names that stand nowhere in it.
_GIVES = re.compile(rf"{GIVES}|\b__path__\b")
# What may find modules in other places.
_FINDS = re.compile(
    r"\bsys\.(?:path|modules|meta_path)\b|\bimport_module\b|\baddsitedir\b|\b__path__\b|\bget_ipython\b"
)
# Modules that a build or a person makes.
_MADE = re.compile(
    r"_.*|.*_pb2(?:_grpc)?|version(?:_*info)?|.*(?:secret|credential|passw|api_?key|token).*|local_?settings",
    re.IGNORECASE,
)
_DEFINES = r"(?m)^(?:(?:async\s+)?def|class)\s+{0}\b|^{0}\s*(?::[^=\n]*)?=(?!=)"


class _Asked(NamedTuple):
    """A module that is imported, with the names that are taken from it; ``alias`` where it is one of several."""

    alias: tree.Alias | None
    dotted: str
    level: int
    names: tuple[str, ...]
    bound: tuple[str, ...] = ()

    @property
    def parts(self) -> list[str]:
        return self.dotted.split(".") if self.dotted else []


@dataclass(frozen=True, slots=True)
class _Text:
    """A file. ``is_open``: it may have names that stand nowhere in it; ``finds``: it may find modules elsewhere.

    ``steps`` are what its statements do, in order: the modules that they import, or the names that they call.
    """

    text: str
    is_open: bool
    finds: bool
    steps: tuple[tuple[_Asked, ...] | frozenset[str], ...]

    def has(self, name: str) -> bool:
        """Whether the word ``name`` stands in it."""
        return name in self.text and re.search(rf"\b{re.escape(name)}\b", self.text) is not None

    def imports(self) -> Iterator[_Asked]:
        for step in self.steps:
            if isinstance(step, tuple):
                yield from step


class Imports:
    """Why imports fail, asked of one ``project``."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names = project.names
        self._known: dict[str, str] = {}  # why files fail
        self._texts: dict[str, _Text | None] = {}
        self._searched: dict[str, tuple[list[str], list[str]]] = {}
        self._patterns: dict[str, list[str]] = {}

    def refused(self, statement: _Import) -> Iterator[tuple[tree.Alias | None, str]]:
        """What of a ``statement`` of the script fails whenever it is run, and why."""
        home = self._project.home
        yield from self._refused(statement, home, {home})

    def failure(self, path: str) -> str:
        """Why the module at ``path`` fails before it calls anything of the project's own; empty where it may not."""
        return self._failure(path, {self._project.home})

    def _failure(self, path: str, seen: set[str]) -> str:
        if path in seen or len(seen) > _FILES:
            return ""
        seen.add(path)
        if path not in self._known:
            self._known[path] = self._first_failure(path, seen)
        return self._known[path]

    def _first_failure(self, path: str, seen: set[str]) -> str:
        text = self._text(path)
        others = set(_BUILTINS)
        for step in text.steps if text is not None else ():
            if isinstance(step, tuple):
                for asked in step:
                    why = self._why(asked, path) or self._behind(asked, path, seen)
                    if why:
                        return why
                    if not self._is_found(asked, path):
                        others.update(asked.bound)
            elif not step <= others:
                return ""
        return ""

    def _refused(
        self, statement: _Import, home: str, seen: set[str]
    ) -> Iterator[tuple[tree.Alias | None, str]]:
        for asked in _asked(statement):
            why = self._why(asked, home) or self._behind(asked, home, seen)
            if why:
                yield asked.alias, why

    def _behind(self, asked: _Asked, home: str, seen: set[str]) -> str:
        """Why a module that is there cannot be imported: an import of its own."""
        for one in (asked, *self._below(asked, home)):
            found = self._module(one, home)
            why = self._failure(found, seen) if found is not None else ""
            if why:
                return f"{_shown(one)} cannot be imported: {why}"
        return ""

    def _below(self, asked: _Asked, home: str) -> Iterator[_Asked]:
        """The modules that the names may be which are taken from a package."""
        package = self._module(asked, home)
        text = self._text(package) if package is not None else None
        if package is None or package.endswith("__init__.py"):
            for name in asked.names:
                if text is None or not text.has(name):
                    yield asked._replace(dotted=".".join((*asked.parts, name)), names=())

    def _module(self, asked: _Asked, home: str) -> str | None:
        parts = asked.parts
        if not parts and not asked.level:
            return None
        found = (self._project.find(folder, parts) for folder in self._roots(asked.level, home))
        return next((one for one in found if one is not None), None)

    def _is_found(self, asked: _Asked, home: str) -> bool:
        """Whether the import may read a file of the project's own."""
        return any(self._module(one, home) is not None for one in (asked, *self._below(asked, home)))

    def _roots(self, level: int, home: str) -> list[str]:
        """The folders that modules are looked for in."""
        here = os.path.dirname(home)
        if level:
            for _ in range(level - 1):
                here = os.path.dirname(here)
            return [here]
        if here not in self._searched:
            above, start = self._project.above, os.path.dirname(self._project.home)
            folders = dict.fromkeys((*above(here), *above(start)))
            inside = [one for folder in folders for one in (folder, f"{folder}/src") if self._names(one)]
            # The modules of a package stand below it, but for a script that is started in one.
            started = start if "__main__" in self._project.source.text else ""
            packages = [one for one in inside if "__init__.py" in self._names(one) and one != started]
            self._searched[here] = [one for one in inside if one not in packages], packages
        return self._searched[here][0]

    def _is_beside(self, name: str, home: str) -> bool:
        """Whether a package that the file stands in has a module ``name``: nothing, or what Python 2 takes."""
        self._roots(0, home)
        packages = self._searched[os.path.dirname(home)][1]
        return any(not {name, f"{name}.py"}.isdisjoint(self._names(one)) for one in packages)

    def _why(self, asked: _Asked, home: str) -> str:
        """Why the import fails by itself; empty where it may succeed."""
        top = asked.parts[0] if not asked.level else ""
        if top in sys.stdlib_module_names or self._project.is_library(top):
            return ""
        if top and self._is_beside(top, home):
            return ""
        why = self._reason(asked, home)
        return "" if why and (self._modules is None or self._is_found_elsewhere(home)) else why

    def _reason(self, asked: _Asked, home: str) -> str:
        parts, level = asked.parts, asked.level
        found = self._module(asked, home)
        if found is not None:
            return self._lacks(asked, found)
        for folder in self._roots(level, home):
            top, absent = self._first_absent(folder, parts)
            if absent is None:
                return self._holds_no(asked, folder, top, home)
            if level or top != folder:
                own = level or self._is_own(folder, parts[0], home)
                gone = own and self._is_away(top, absent, parts)
                return f"there is no module {_shown(asked)}" if gone else ""
        return self._spelt_otherwise(asked, home)

    def _first_absent(self, folder: str, parts: list[str]) -> tuple[str, str | None]:
        """The innermost folder of a dotted name that is there, and the part that is not there."""
        for part in parts:
            if part not in self._names(folder):
                return folder, part
            folder = f"{folder}/{part}"
        return folder, None

    def _holds_no(self, asked: _Asked, root: str, folder: str, home: str) -> str:
        """Why names that are taken from a mere folder, and so are modules, are not there."""
        if not (asked.level or self._is_own(root, asked.parts[0], home)):
            return ""
        for name in asked.names:
            if name not in self._names(folder) and self._is_away(folder, name, [*asked.parts, name]):
                return f"there is no module `{name}` in {_shown(asked)}"
        return ""

    def _is_own(self, folder: str, name: str, home: str) -> bool:
        """Whether the package ``name`` in ``folder`` is the one that the file gets.

        Anybody's installed package wins over a mere folder: not if the file takes another module from the folder.
        """
        if "__init__.py" in self._names(f"{folder}/{name}"):
            return True
        text = self._text(home)
        for asked in text.imports() if text is not None else ():
            parts = asked.parts
            if not asked.level and parts[0] == name:
                below = [parts] if len(parts) > 1 else [[name, one] for one in asked.names]
                if any(self._project.find(folder, one) is not None for one in below):
                    return True
        return False

    def _is_away(self, folder: str, name: str, parts: list[str]) -> bool:
        """Whether nothing called ``name`` is in ``folder`` or elsewhere in the project, nor will be."""
        inside = self._names(folder)
        if _MADE.fullmatch(name) or name in self._stems or any(one.startswith(f"{name}.") for one in inside):
            return False
        if not any(one.endswith(".py") for one in inside) or self._is_kept_away(folder, parts):
            return False
        return self._spoken_of is not None and name not in self._spoken_of

    @cached_property
    def _spoken_of(self) -> frozenset[str] | None:
        """The modules that texts of the project speak of: these may say where they come from; None when one is not read."""
        around, found = self._project.surroundings, set[str]()
        for path in around.files if around is not None else ():
            if path.endswith((*TEXTS, "setup.py")):
                named = self._project.lasting("modules named", path, _modules_named)
                if named is None:
                    return None
                found |= named
        return frozenset(found)

    def _is_kept_away(self, folder: str, parts: list[str]) -> bool:
        """Whether Git may leave out a module, or fetch what is missing from other repositories."""
        names = [*parts, *(f"{one}.py" for one in parts)]
        for above in self._project.above(folder):
            if ".gitmodules" in self._names(above):
                return True
            if any(fnmatchcase(name, one) for one in self._left_out(above) for name in names):
                return True
        return False

    def _left_out(self, folder: str) -> list[str]:
        """The patterns of a folder's ``.gitignore``, without the folders in them."""
        if folder not in self._patterns:
            path = f"{folder}/.gitignore"
            lines = self._project.text(path).splitlines() if ".gitignore" in self._names(folder) else []
            patterns = (line.strip().strip("!/").rpartition("/")[2] for line in lines)
            self._patterns[folder] = [one for one in patterns if one]
        return self._patterns[folder]

    def _is_found_elsewhere(self, home: str) -> bool:
        """Whether a file changes where modules are looked for."""
        texts = [self._text(one) for one in (home, self._project.home)]
        return any(one is None or one.finds for one in texts)

    def _lacks(self, asked: _Asked, path: str) -> str:
        """Why what is taken from the module at ``path`` is not there."""
        folder, file = os.path.split(path)
        package = file == "__init__.py"
        stem = os.path.basename(folder) if package else file.removesuffix(".py")
        for name in asked.names:
            if (
                name.startswith("__")
                or name in self._stems
                or (package and not self._is_away(folder, name, [name]))
            ):
                continue
            texts = [self._text(one) for one in {path, *(self._modules or {}).get(stem, ())}]
            if not any(one is None or one.is_open or one.has(name) for one in texts):
                return f"{_shown(asked)} has no `{name}`"
        return ""

    def _spelt_otherwise(self, asked: _Asked, home: str) -> str:
        """Why a module is not found that differs in upper and lower case only, and defines what is taken from it."""
        folder, parts = os.path.dirname(home), asked.parts
        found: list[str] = []
        for part in parts:
            wanted = f"{part}.py".lower() if len(found) == len(parts) - 1 else part.lower()
            same = [one for one in self._names(folder) if one.lower() == wanted]
            if len(same) != 1 or (same[0] not in (part, f"{part}.py") and part in self._stems):
                return ""
            found.append(same[0].removesuffix(".py"))
            folder = f"{folder}/{same[0]}"
        here, there = self._text(home), self._text(folder)
        if here is None or there is None or self._is_kept_away(os.path.dirname(home), parts):
            return ""
        names = asked.names or re.findall(rf"\b{re.escape(asked.dotted)}\.(\w+)", here.text)
        if any(re.search(_DEFINES.format(re.escape(one)), there.text) for one in names):
            return f"the module is called `{'.'.join(found)}`, not {_shown(asked)}"
        return ""

    @cached_property
    def _modules(self) -> dict[str, list[str]] | None:
        """The project's modules by their names without folders; None when they are too many."""
        around = self._project.surroundings
        if around is None:
            return None
        found: dict[str, list[str]] = {}
        for path in around.files:
            folder, file = os.path.split(path)
            stem, end = os.path.splitext(file)
            if end in (".py", ".pyw", ".pyx", ".ipynb"):
                found.setdefault(os.path.basename(folder) if file == "__init__.py" else stem, []).append(path)
        return found

    @cached_property
    def _stems(self) -> frozenset[str]:
        """What modules, packages and folders of the project are called."""
        around = self._project.surroundings
        folders = map(os.path.basename, around.folders) if around is not None else ()
        return frozenset((*(self._modules or ()), *folders))

    @cached_property
    def _own_text(self) -> _Text:
        return _text("", self._project.source.text)

    def _text(self, path: str) -> _Text | None:
        if path == self._project.home:
            return self._own_text
        if path not in self._texts:
            self._texts[path] = self._project.lasting("text", path, _text)
        return self._texts[path]


def _asked(statement: _Import) -> list[_Asked]:
    if isinstance(statement, tree.Import):
        return [_Asked(one, one.name, 0, (), (_bound(one),)) for one in statement.names]
    names, bound = tuple(one.name for one in statement.names), tuple(map(_bound, statement.names))
    return [_Asked(None, statement.module, statement.level, names, bound)]


def _bound(alias: tree.Alias) -> str:
    return (alias.asname or alias.name).partition(".")[0]


def _shown(asked: _Asked) -> str:
    return f"`{'.' * asked.level}{asked.dotted}`"


def _text(_path: str, text: str) -> _Text:
    return _Text(text, _GIVES.search(text) is not None, _FINDS.search(text) is not None, tuple(_steps(text)))


def _modules_named(_path: str, text: str) -> frozenset[str]:
    """The modules that a text speaks of: it may say where they come from."""
    return frozenset(re.findall(r"(\w+)\.py\b", text))


def _steps(text: str) -> Iterator[tuple[_Asked, ...] | frozenset[str]]:
    """What the statements of a file do, told without parsing them."""
    for start, end in split_statements(text, 0, len(text)):
        word = _FIRST_WORD.match(text, start, end)
        if word is None or word.group() in ("def", "class", "async"):
            continue  # definitions, decorated ones too
        if word.group() not in ("from", "import"):
            yield frozenset(_CALLED.findall(text, start, end)) - _KEYWORDS
            continue
        for part in text[start:end].split(";"):
            found = _IMPORT.fullmatch(_NO_NAMES.sub(" ", part))
            if found is None or not (found[1] or found[2] or found[1] is None):
                yield frozenset(_CALLED.findall(part))
                continue
            dots, module, names = found.groups()
            rows = [(one.split() + [""] * 3)[:3] for one in names.split(",") if one.strip()]
            bound = tuple((asname or name).partition(".")[0] for name, _, asname in rows)
            if dots is None:
                yield tuple(_Asked(None, row[0], 0, (), (one,)) for row, one in zip(rows, bound, strict=True))
            else:
                taken = tuple(name for name, *_ in rows if name != "*")
                yield (_Asked(None, module, len(dots.replace(" ", "")), taken, bound),)
