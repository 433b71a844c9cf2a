"""The user's project around one script: its own modules, and the versions its pins name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from keras_memlint.analysis.parse import Parsed
from keras_memlint.analysis.source import Source
from keras_memlint.analysis.values import Instance, Value
from keras_memlint.analysis.workspace import Module, Workspace

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
    r"""^[ \t"']*(tensorflow(?:[-_](?:cpu|gpu|macos|intel))?|keras|tf[-_]keras|numpy|tensorflow[-_]model[-_]optimization)"""
    r"""(?:\[[\w,-]*\])?\s*(?:=\s*["']?\s*)?(==|~=|<=|<|\^|=)\s*v?(\d+(?:\.\d+)*)""",
    re.MULTILINE,
)
_PIN_FILES = (
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "environment.yml",
    "environment.yaml",
    "Pipfile",
)

Evaluate = Callable[[Source, Parsed, Module], None]


class Project:
    """What surrounds ``source``. ``used`` are the files of the project that had a part in the analysis."""

    def __init__(self, source: Source, workspace: Workspace, evaluate: Evaluate) -> None:
        self.source = source
        self.workspace = workspace
        self.evaluate = evaluate
        self.used: set[str] = set()

    def module(self, dotted: str, level: int, source: Source | None) -> Value | None:
        """The module ``dotted`` of the user's own code, None when it is a library's or not there."""
        origin = source or self.source
        here = Path(origin.path).absolute().parent
        parts = dotted.split(".") if dotted else []
        if level:
            folder = here
            for _ in range(level - 1):
                folder = folder.parent
            found = self._find(folder, parts)
        else:
            if not parts:
                return None
            found = self._find(here, parts)
            if found is None and parts[0] not in _LIBRARIES:
                for folder in self._above(here):
                    found = self._find(folder, parts) or self._find(folder / "src", parts)
                    if found is not None:
                        break
        if found is None or found == Path(self.source.path).absolute():
            return None
        return self._load(found, origin, here)

    def _find(self, folder: Path, parts: list[str]) -> Path | None:
        if not parts:
            init = folder / "__init__.py"
            return init if self.workspace.is_file(init) else None
        base = folder.joinpath(*parts)
        for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if self.workspace.is_file(candidate):
                return candidate
        return None

    def _above(self, here: Path) -> list[Path]:
        found: list[Path] = []
        for folder in list(here.parents)[:_LEVELS]:
            if self.workspace.is_file(folder / ".git" / "HEAD") or (
                not (here / "__init__.py").exists() and len(found) >= 3
            ):
                return [*found, folder]
            found.append(folder)
        return found

    def _load(self, path: Path, origin: Source, here: Path) -> Instance | None:
        try:
            shown = str(Path(origin.path).parent / path.relative_to(here))
        except ValueError:
            shown = _relative(path)
        module = self.workspace.module(path, shown, self.evaluate)
        if module is None:
            return None
        self.used.add(str(path))
        self.used |= module.used
        return module.instance

    @cached_property
    def pins(self) -> dict[str, tuple[int, ...]]:
        """Versions the project pins, by package: ``{"tensorflow": (2, 15)}``. The nearest file wins."""
        found: dict[str, tuple[int, ...]] = {}
        here = Path(self.source.path).absolute().parent
        for folder in (here, *self._above(here)):
            for name in _PIN_FILES:
                path = folder / name
                if not self.workspace.is_file(path):
                    continue
                text = self.workspace.module_source(path, str(path))
                self.used.add(str(path))
                for package, _operator, version in _PIN.findall(text.text if text is not None else ""):
                    key = (
                        package.replace("_", "-")
                        .split("-cpu")[0]
                        .split("-gpu")[0]
                        .split("-macos")[0]
                        .split("-intel")[0]
                    )
                    found.setdefault(key, tuple(int(part) for part in version.split(".")))
        return found

    def path(self, name: str) -> Path:
        """A path the script names: as the script would see it when started from its folder."""
        return Path(self.source.path).absolute().parent / name

    def path_size(self, name: str) -> int | None:
        """Size in bytes of a file the script names; None when it is not there."""
        return self.workspace.size(self.path(name)) if len(name) < 1024 and "\0" not in name else None

    def glob_count(self, pattern: str) -> tuple[int, int] | None:
        """How many files match a pattern the script names, and their bytes."""
        if len(pattern) > 1024 or "\0" in pattern:
            return None
        return self.workspace.glob(self.path(""), pattern)


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
