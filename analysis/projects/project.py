"""The user's project around one script: its own modules, and the versions its pins name."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from keras_memlint.analysis.abstract.values import UNKNOWN, Instance, Value, resolve
from keras_memlint.analysis.projects.absent import Imports
from keras_memlint.analysis.projects.data_files import value_of
from keras_memlint.analysis.projects.importers import Importers, Surroundings, importers, surroundings
from keras_memlint.analysis.projects.workspace import Module, Workspace
from keras_memlint.analysis.syntax.parse import Parsed
from keras_memlint.analysis.text.source import Source

T = TypeVar("T")
_MODULES = 40  # modules read for one script
_LEVELS = 5  # folders above the script that are searched for modules and pins
# Not the user's own even when a folder above the script has that name; beside the script it shadows the library.
_LIBRARIES = frozenset(
    [
        "keras",
        "tensorflow",
        "tf_keras",
        "numpy",
        "pandas",
        "sklearn",
        "scipy",
        "cv2",
        "PIL",
        "matplotlib",
        "h5py",
        "torch",
        "jax",
        "os",
        "sys",
        "re",
        "math",
        "time",
        "json",
        "random",
        "glob",
        "pathlib",
        "argparse",
        "datetime",
        "collections",
        "itertools",
        "functools",
        "typing",
        "logging",
        "copy",
        "pickle",
        "shutil",
        "tqdm",
        "keras_tuner",
        "kerastuner",
        "tensorflow_model_optimization",
        "tensorflow_datasets",
        "tensorflow_hub",
        "seaborn",
    ]
)
_PIN = re.compile(
    r"""^[ \t"'-]*(tensorflow(?:[-_](?:cpu|gpu|macos|intel))?|keras(?:[-_]tuner)?|tf[-_]keras|numpy|tensorflow[-_]model[-_]optimization)"""
    r"""(?:\[[\w,-]*\])?\s*(?:=\s*["']\s*)?((?:[ \t]*,?[ \t]*(?:[=~<>!]=|[<>=^])[ \t]*v?\d+(?:\.\d+)*(?:\.\*)?)+|(?<=["'])\d+(?:\.\d+)*)""",
    re.MULTILINE,
)
# ``numpy @ file:///C:/wheels/numpy-1.26.4-cp311-….whl``, which is what ``pip freeze`` says of a file.
_WHEEL = re.compile(r"^([\w-]+)[ \t]*@[ \t]*\S*[/\\]\w+-(\d+(?:\.\d+)+)\S*\.whl", re.MULTILINE)
_DIRECTML = re.compile(r"""^[ \t"'-]*tensorflow[-_]directml\b""", re.MULTILINE)
_CPU_BUILD = re.compile(r"""^[ \t"'-]*tensorflow[-_]cpu\b""", re.MULTILINE)
_BOUND = re.compile(r"([=~<>!]=|[<>=^]|)[ \t]*v?(\d+(?:\.\d+)*)(\.\*)?")
_ANY = 9999  # stands for any later part of a version
_INSTALLED = ("pyproject.toml", "setup.cfg", "setup.py")
_PIN_FILES = (
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "environment.yml",
    "environment.yaml",
    "Pipfile",
)

Version = tuple[int, ...]
Evaluate = Callable[[Source, Parsed, Module], None]


class Project:
    """What surrounds ``source``: its own modules, read only when a name of theirs is used, and the pinned versions."""

    def __init__(self, source: Source, workspace: Workspace, evaluate: Evaluate) -> None:
        self.source = source
        self.workspace = workspace
        self.evaluate = evaluate
        self.modules: dict[str, Module] = {}
        self.located: set[str] = set()
        self._texts_read: set[str] = set()
        self._looked_at: set[str] = set()

    def locate(self, dotted: str, level: int, source: Source | None) -> str | None:
        """The file of the module ``dotted`` of the user's own code; None when it is a library's or not there."""
        here = self._folder(source or self.source)
        parts = dotted.split(".") if dotted else []
        found: str | None = None
        if level:
            folder = here
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            found = self.find(folder, parts)
        elif parts:
            found = self.find(here, parts)
            if found is None and parts[0] not in _LIBRARIES:
                for folder in self.above(here):
                    found = self.find(folder, parts) or self.find(f"{folder}/src", parts)
                    if found is not None:
                        break
        if found is None and not (parts and parts[0] in _LIBRARIES):
            self._looked_at.add(here)  # the module may appear there
        if found is None or found == self.home:
            return None
        self.located.add(found)
        return found

    def load(self, path: str, source: Source | None) -> Value:
        """The module in the file ``path``, evaluated; unknown when it cannot be read or too much was read already."""
        if len(self.modules) >= _MODULES:
            return UNKNOWN
        known = self.modules.get(path)
        if known is not None:
            return known.instance
        module = self.workspace.module(Path(path), self._shown(path, source or self.source), self.evaluate)
        if module is None:
            return UNKNOWN
        self.modules.setdefault(path, module)
        return module.instance

    def member(self, path: str, name: str, source: Source | None) -> Value:
        """``name`` of the module in the file ``path``: one of its names, else a submodule."""
        module = self.load(path, source)
        if not isinstance(module, Instance):
            return UNKNOWN
        found = module.attributes.get(name)
        if found is not None:
            return resolve(found)
        if path.endswith("/__init__.py"):
            below = self.find(os.path.dirname(path), [name])
            if below is not None:
                return self.load(below, source)
        return UNKNOWN

    def mentions(self, *words: str) -> bool:
        """Whether a module that this script imports contains one of ``words``."""
        for path in sorted(self.located | self.read.keys()):
            if not path.endswith(".py"):
                continue
            self._texts_read.add(path)
            source = self.workspace.module_source(Path(path), path)
            if source is not None and any(word in source.text for word in words):
                return True
        return False

    @cached_property
    def is_installed(self) -> bool:
        """Whether this is a module of a package that others install: whose functions anybody may call."""
        here, names = self._folder(self.source), self.workspace.names
        return "__init__.py" in names(here) and any(
            not names(folder).isdisjoint(_INSTALLED) for folder in self.above(here)
        )

    @cached_property
    def imports(self) -> Imports:
        """Why imports of the project's own modules fail."""
        return Imports(self)

    def _importers(self, path: str) -> Importers | None:
        """The files that import the one at ``path``; None when the project is too large to be asked."""
        around = self.surroundings
        return importers(self.workspace, path, around) if around is not None else None

    @cached_property
    def surroundings(self) -> Surroundings | None:
        """The files of the project, code and texts; None when they are too many."""
        above = self.above(self._folder(self.source))
        found = surroundings(self.workspace, above)
        self._looked_at.update(found.folders if found is not None else above)
        self._texts_read.update(found.files if found is not None else ())
        return found

    @property
    def imported_words(self) -> frozenset[str] | None:
        """All words of the files that import this one; None when these may be any."""
        known = self._importers(self.home)
        return None if known is None else known.words

    @property
    def calling_words(self) -> frozenset[str] | None:
        """All words of the files that import this one and are not known to fail before; None when these may be any."""
        known = self._importers(self.home)
        if known is None:
            return None
        return frozenset().union(*(words for path, words in known.files.items() if not self._fails(path)))

    def _fails(self, path: str) -> bool:
        """Whether the file at ``path`` fails before it calls anything of the project's own, by what it imports."""
        look = self.imports.failure
        return path.endswith(".py") and bool(
            self.workspace.remembered("failure", f"{path}\0{self.home}", lambda: look(path))
        )

    def importers(self, name: str, path: str | None = None) -> list[str] | None:
        """The files that import this one, or that at ``path``, and have the word ``name``; None when these may be any."""
        known = self._importers(path or self.home)
        return None if known is None else [one for one, words in known.files.items() if name in words]

    @staticmethod
    def is_library(name: str) -> bool:
        """Whether a module of this name is none of the user's own."""
        return name in _LIBRARIES

    def names(self, folder: str) -> frozenset[str]:
        """What a folder holds; nothing when it is none."""
        self._looked_at.add(folder)
        return self.workspace.names(folder)

    def lasting(self, kind: str, path: str, make: Callable[[str, str], T]) -> T | None:
        """What ``make`` makes of a file's name and text, see ``Workspace.lasting``."""
        self._texts_read.add(path)
        return self.workspace.lasting(kind, path, make)

    def text(self, path: str) -> str:
        """What stands in another file; empty when it cannot be read."""
        self._texts_read.add(path)
        source = self.workspace.module_source(Path(path), path)
        return source.text if source is not None else ""

    def text_of(self, path: str) -> Source | None:
        """The text of another file, named as the script's is; None when it cannot be read."""
        return self.workspace.module_source(Path(path), self._shown(path, self.source))

    def statements_of(self, path: str) -> Parsed | None:
        """What stands in another file; None for notebooks and what cannot be read."""
        source = self.workspace.module_source(Path(path), path) if path.endswith(".py") else None
        return self.workspace.parse(source)[1] if source is not None else None

    def words_among(self, words: frozenset[str]) -> set[str]:
        """Those of ``words`` that stand in the modules that were read."""
        found: set[str] = set()
        return found.union(*[module.among(words) for module in self.read.values()])

    @property
    def module_words(self) -> frozenset[str]:
        """All words of the modules that were read, which may call what they are given."""
        return frozenset().union(*[module.words for module in self.read.values()])

    @property
    def used(self) -> set[str]:
        """The files that had a part in the analysis, through all modules; a folder where its names had one."""
        return self._texts_read | self._looked_at | self.read.keys()

    @property
    def read(self) -> dict[str, Module]:
        """The modules that were read, and those they read, by path."""
        found: dict[str, Module] = {}
        stack = list(self.modules.items())
        while stack:
            path, module = stack.pop()
            if path not in found:
                found[path] = module
                stack += module.modules.items()
        return found

    def _shown(self, path: str, origin: Source) -> str:
        """How a module's path is shown: beside the script that imports it, in the way that script was named."""
        try:
            return str(Path(origin.path).parent / Path(path).relative_to(self._folder(origin)))
        except ValueError:
            return _relative(Path(path))

    @cached_property
    def home(self) -> str:
        """The script's own path, whole."""
        return os.path.abspath(self.source.path)

    def _folder(self, source: Source) -> str:
        return os.path.dirname(self.home if source is self.source else os.path.abspath(source.path))

    def find(self, folder: str, parts: list[str]) -> str | None:
        """The file of a module below ``folder``."""
        names = self.names
        for part in parts[:-1]:
            if part not in names(folder):
                return None
            folder = f"{folder}/{part}"
        if parts:
            last = parts[-1]
            inside = names(folder)
            # A package wins over a module of its name, as when the script runs.
            package = last in inside and "__init__.py" in names(f"{folder}/{last}")
            if not package and f"{last}.py" in inside:
                return f"{folder}/{last}.py"
            if not package:
                return None
            folder = f"{folder}/{last}"
        return f"{folder}/__init__.py" if "__init__.py" in names(folder) else None

    def above(self, here: str) -> list[str]:
        """The folders above ``here`` in which the project's own modules may stand: to the repository's root."""
        found: list[str] = []
        folder = here
        while len(found) < _LEVELS:
            inside = self.workspace.names(folder)
            found.append(folder)
            parent = os.path.dirname(folder)
            if ".git" in inside or "pyproject.toml" in inside or "setup.py" in inside or parent == folder:
                break
            folder = parent
        return found

    @property
    def pins(self) -> dict[str, tuple[int, ...]]:
        """The newest versions the project's pins allow, by package: ``{"tensorflow": (2, 15)}``. The nearest file wins."""
        return {name: newest for name, (_oldest, newest) in self._allowed.items() if newest is not None}

    @property
    def floors(self) -> dict[str, tuple[int, ...]]:
        """The oldest versions the project's pins allow, by package."""
        return {name: oldest for name, (oldest, _newest) in self._allowed.items() if oldest is not None}

    @cached_property
    def has_no_gpu_build(self) -> bool:
        """Whether the project's requirements name the TensorFlow that knows no GPU."""
        return any(_CPU_BUILD.search(text) for text in self.requirements)

    @cached_property
    def has_directml(self) -> bool:
        """Whether the project's requirements name TensorFlow for DirectML, or its plugin."""
        return any(_DIRECTML.search(text) for text in self.requirements)

    @cached_property
    def requirements(self) -> list[str]:
        """The texts of the files that may pin versions, nearest first."""
        found: list[str] = []
        for folder in self.above(self._folder(self.source)):
            inside = self.workspace.names(folder)
            for name in _PIN_FILES:
                if name not in inside:
                    continue
                path = Path(folder) / name
                text = self.workspace.module_source(path, str(path))
                self._texts_read.add(str(path))
                found.append(text.text if text is not None else "")
        return found

    @cached_property
    def _allowed(self) -> dict[str, tuple[Version | None, Version | None]]:
        found: dict[str, tuple[Version | None, Version | None]] = {}
        for text in self.requirements:
            for package, specifiers in _PIN.findall(_WHEEL.sub(r"\1==\2", text)):
                key = (
                    package.replace("_", "-")
                    .split("-cpu")[0]
                    .split("-gpu")[0]
                    .split("-macos")[0]
                    .split("-intel")[0]
                )
                found.setdefault(key, _bounds(specifiers))
        return found

    def path(self, name: str) -> Path:
        """A path the script names: as the script would see it when started from its folder."""
        return Path(self.source.path).absolute().parent / name

    def path_size(self, name: str) -> int | None:
        """Size in bytes of a file the script names; None when it is not there."""
        return self.workspace.size(self._look(name)) if len(name) < 1024 and "\0" not in name else None

    def npy_header(self, name: str) -> tuple[str, tuple[int, ...]] | None:
        """Dtype and shape of the array in a ``.npy`` file the script names; None when it is not there."""
        return self.workspace.npy_header(self._look(name)) if len(name) < 1024 and "\0" not in name else None

    def configuration(self, name: str, *, yaml: bool) -> Value:
        """What a JSON or YAML file says that the script names; unknown when it is not there or is none."""
        if len(name) > 1024 or "\0" in name:
            return UNKNOWN
        return value_of(self.workspace.configuration(self._look(name), yaml=yaml))

    def glob_count(self, pattern: str) -> tuple[int, int] | None:
        """How many files match a pattern the script names, and their bytes."""
        if len(pattern) > 1024 or "\0" in pattern:
            return None
        self._look(os.path.dirname(pattern))
        return self.workspace.glob(self.path(""), pattern)

    def _look(self, name: str) -> Path:
        path = self.path(name)
        self._looked_at.add(str(path))
        return path


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _bounds(specifiers: str) -> tuple[Version | None, Version | None]:
    """The oldest and the newest version that ``>=2.10,<2.16`` and its like allow; None where there is no bound."""
    oldest: Version | None = None
    newest: Version | None = None
    for operator, digits, wildcard in _BOUND.findall(specifiers):
        version = tuple(int(part) for part in digits.split("."))
        if operator == "!=":
            continue
        if operator in ("", "=", "==", "~=", "^", ">=", ">"):
            oldest = version
        if operator == "<":
            while len(version) > 1 and not version[-1]:
                version = version[:-1]
            newest = (*version[:-1], version[-1] - 1, _ANY)
        elif wildcard or operator == "=":
            newest = (*version, _ANY)
        elif operator == "~=":
            newest = (*version[:-1], _ANY)
        elif operator == "^":
            newest = (version[0], _ANY)
        elif operator in ("", "==", "<="):
            newest = version
    return oldest, newest
