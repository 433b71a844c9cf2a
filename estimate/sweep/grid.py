"""``grid.toml``: what a sweep goes through."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from keras_memlint.analysis.sizes.gpus import find, unknown
from keras_memlint.analysis.text.nearest import did_you_mean
from keras_memlint.analysis.text.toml_kinds import kind
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.request import WHAT_IFS

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
_SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True, slots=True)
class Script:
    """One script: ``name`` is its path from the grid's folder. ``arguments``: a command line for each of its runs."""

    path: Path
    name: str
    arguments: tuple[tuple[str, ...], ...] = ((),)


@dataclass(frozen=True, slots=True)
class Grid:
    """The axes, each without repetitions; an empty one leaves the script's own. ``folder`` is where the file lies.

    ``targets`` are names of ``analysis/sizes/gpus.py``. ``time_limit``: seconds for one case.
    """

    folder: Path
    scripts: tuple[Script, ...]
    batch_sizes: tuple[int, ...] = ()
    policies: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    python: str | None = None
    steps: int = 1
    what_if: tuple[str, ...] = ()
    time_limit: float = 1800


def read_grid(file: Path) -> Grid:
    """The grid in ``file``. Raises EstimateError, which names the file and the key."""
    table = _table(file)
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100  (`resolve` would follow links)
    for key in table:
        if key not in _KEYS:
            raise EstimateError(
                f"{file}: `{key}` is no key of a grid{did_you_mean(key, _KEYS)}; there are {', '.join(_KEYS)}"
            )
    values = {key: reader(f"{file}: `{key}`", table[key]) for key, reader in _KEYS.items() if key in table}
    if "scripts" not in values:
        raise EstimateError(f'{file}: `scripts` is missing; write such as scripts = ["train.py"]')
    scripts = _scripts(f"{file}: `scripts`", folder, values.pop("scripts"))
    lines = _lines(f"{file}: `arguments`", scripts, values.pop("arguments", {}))
    python = values.pop("python", None)
    return Grid(
        folder,
        tuple(Script(path, name, lines.get(name, ((),))) for name, path in scripts.items()),
        # A path is one from the grid's folder; a name is looked up where the case is run.
        python=str(folder / python) if python and _is_path(python) else python,
        **{key.replace("-", "_"): value for key, value in values.items()},
    )


def _table(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise EstimateError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EstimateError(f"{file}: is no valid TOML: {error}") from error


def _scripts(where: str, folder: Path, patterns: Iterable[str]) -> dict[str, Path]:
    """The files of ``patterns`` by their names from ``folder``, each once."""
    found: dict[str, Path] = {}
    for pattern in patterns:
        paths = _matches(folder, pattern)
        if not paths:
            raise EstimateError(f"{where}: `{pattern}` {_why_none(folder, pattern)}")
        for path in paths:
            found.setdefault(_name(folder, path), path)
    if not found:
        raise EstimateError(f"{where} is empty, so there is nothing to run")
    return found


def _matches(folder: Path, pattern: str) -> list[Path]:
    # A script's name may hold brackets, which are special in a pattern.
    exact = folder / pattern
    if exact.is_file():
        return [exact]
    names = glob.glob(os.path.join(glob.escape(str(folder)), pattern), recursive=True)  # noqa: PTH118, PTH207
    return [path for path in map(Path, sorted(names)) if path.suffix in _SUFFIXES and path.is_file()]


def _why_none(folder: Path, pattern: str) -> str:
    path = folder / pattern
    if path.is_dir():
        return f"is a folder; write such as `{pattern.rstrip('/')}/*.py`"
    if glob.has_magic(pattern):
        return "matches no .py or .ipynb file"
    near = did_you_mean(path.name, (other.name for other in path.parent.glob("*") if other.is_file()))
    return f"is not there{near}"


def _name(folder: Path, path: Path) -> str:
    path = Path(os.path.normpath(path))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _lines(
    where: str, scripts: Iterable[str], table: dict[str, tuple[tuple[str, ...], ...]]
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The command lines of each script that has some: those of the first pattern that it matches."""
    unused = set(table)
    lines = {}
    for name in scripts:
        pattern = next((pattern for pattern in table if pattern == name or fnmatchcase(name, pattern)), None)
        unused -= {pattern for pattern in table if fnmatchcase(name, pattern)}
        if pattern is not None:
            unused.discard(pattern)
            lines[name] = table[pattern]
    for pattern in table:
        if pattern in unused:
            near = did_you_mean(pattern, scripts)
            raise EstimateError(f"{where}: `{pattern}` matches none of the scripts{near}")
    return lines


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text


def _strings(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise EstimateError(f"{where} must be a list of strings, not {kind(value)}")
    for item in value:
        if not isinstance(item, str):
            raise EstimateError(f"{where} must be a list of strings, but holds {kind(item)}")
    return tuple(dict.fromkeys(value))


def _arguments(where: str, value: object) -> dict[str, tuple[tuple[str, ...], ...]]:
    if not isinstance(value, dict):
        raise EstimateError(f"{where} must be a table of scripts and their arguments, not {kind(value)}")
    return {pattern: _command_lines(f"{where}: `{pattern}`", lines) for pattern, lines in value.items()}


def _command_lines(where: str, value: object) -> tuple[tuple[str, ...], ...]:
    """One command line is a list of strings, several are a list of such lists."""
    if not isinstance(value, list):
        raise EstimateError(f'{where} must be a list of strings such as ["--depth", "50"], not {kind(value)}')
    lines = value if value and all(isinstance(item, list) for item in value) else [value]
    for line in lines:
        for word in line:
            if not isinstance(word, str):
                raise EstimateError(
                    f'{where} must be a list of strings such as ["--depth", "50"], '
                    f"or of such lists, but holds {kind(word)}"
                )
    return tuple(dict.fromkeys(tuple(line) for line in lines))


def _sizes(where: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise EstimateError(f"{where} must be a list of whole numbers, not {kind(value)}")
    for item in value:
        if type(item) is not int or item < 1:
            held = item if isinstance(item, int | float) and type(item) is not bool else kind(item)
            raise EstimateError(f"{where} must be a list of whole numbers of 1 or more, but holds {held}")
    return tuple(dict.fromkeys(value))


def _policies(where: str, value: object) -> tuple[str, ...]:
    return tuple(_one_of(where, word, POLICIES) for word in _strings(where, value))


def _what_if(where: str, value: object) -> tuple[str, ...]:
    words = [_one_of(where, word, (*WHAT_IFS, "all")) for word in _strings(where, value)]
    return WHAT_IFS if "all" in words else tuple(words)


def _one_of(where: str, word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise EstimateError(
            f"{where}: `{word}` is none{did_you_mean(word, known)}; there are {', '.join(known)}"
        )
    return word


def _targets(where: str, value: object) -> tuple[str, ...]:
    names = []
    for word in _strings(where, value):
        gpu = find(word)
        if gpu is None:
            raise EstimateError(f"{where}: {unknown(word)}")
        names.append(gpu.name)
    return tuple(dict.fromkeys(names))


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise EstimateError(
            f"{where} must be a string{', not ' + kind(value) if value != '' else ' that is not empty'}"
        )
    return value


def _steps(where: str, value: object) -> int:
    if type(value) is not int or value < 1:
        raise EstimateError(f"{where} must be a whole number of 1 or more")
    return value


def _seconds(where: str, value: object) -> float:
    if type(value) not in (int, float) or not 0 < value < float("inf"):  # type: ignore[operator]
        raise EstimateError(f"{where} must be a number of seconds above 0")
    return float(value)  # type: ignore[arg-type]


_KEYS: dict[str, Callable[[str, object], Any]] = {
    "scripts": _strings,
    "arguments": _arguments,
    "batch-sizes": _sizes,
    "policies": _policies,
    "targets": _targets,
    "python": _text,
    "steps": _steps,
    "what-if": _what_if,
    "time-limit": _seconds,
}
