"""The table ``[tool.keras-memlint]`` of the nearest ``pyproject.toml`` above a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_memlint.analysis.text.toml_kinds import kind
from keras_memlint.server.errors import UserError, did_you_mean
from keras_memlint.server.selection import codes_of

TABLE = "[tool.keras-memlint]"
_NAMES = (b"keras-memlint", b"tool.keras_memlint")


class ConfigurationError(UserError):
    """A ``pyproject.toml`` that cannot be used; the text names the file and the key."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of one file; None or empty where it says nothing. Sizes in bytes.

    ``file`` is the ``pyproject.toml`` it comes from, None when there is none. ``values`` are the keys as written.
    """

    file: Path | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    target_gpu: str | None = None
    host_memory: int | None = None
    size_threshold: int | None = None
    exclusive_gpu: bool | None = None
    values: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)


class Configurations:
    """The configuration in force in each folder; every ``pyproject.toml`` is read once."""

    def __init__(self) -> None:
        self._known: dict[str, Configuration | ConfigurationError] = {}

    def above(self, folder: str) -> Configuration:
        """The nearest table at or above ``folder``, an absolute path. Raises ConfigurationError."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._find(folder)
        if isinstance(known, ConfigurationError):
            raise known
        return known

    def _find(self, folder: str) -> Configuration | ConfigurationError:
        try:
            here = load(os.path.join(folder, "pyproject.toml"))
            if here is not None:
                return here
            parent = os.path.dirname(folder)
            return Configuration() if parent == folder else self.above(parent)
        except ConfigurationError as error:
            return error


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a ``pyproject.toml``; ``key`` is None when it is not about one key."""

    key: str | None
    error: ConfigurationError


def load(path: str) -> Configuration | None:
    """The table of one ``pyproject.toml``; None without file or table. Raises ConfigurationError."""
    configuration, problems = load_tolerantly(path)
    if problems:
        raise problems[0].error
    return configuration


def load_tolerantly(path: str) -> tuple[Configuration | None, list[Problem]]:
    """The table of one ``pyproject.toml`` as far as it can be used: a wrong key counts as absent."""
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None, []
    except OSError as error:
        problem = ConfigurationError(f"{path}: cannot be read: {error.strerror}")
        return Configuration(file=Path(path)), [Problem(None, problem)]
    # Most files on the way up are not ours: this spares the parser, and errors that are none of our business.
    plain = raw.replace(b"\0", b"")  # UTF-16, as some shells of Windows write it, has zeros between letters
    if not any(name in plain for name in _NAMES):
        return None, []
    try:
        table = _table(path, raw)
    except ConfigurationError as error:
        return Configuration(file=Path(path)), [Problem(None, error)]
    return (None, []) if table is None else _configuration(path, table)


def _table(path: str, raw: bytes) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{path}: is not UTF-8, as TOML must be: see line {row}; save it as UTF-8"
        ) from error
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is no valid TOML: {error}") from error
    tool = document.get("tool")
    if isinstance(tool, dict) and "keras_memlint" in tool:
        raise ConfigurationError(f"{path}: `[tool.keras_memlint]` is not read; call it `{TABLE}`")
    table = tool.get("keras-memlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"{path}: `tool.keras-memlint` must be a table, not {kind(table)}")
    return table


def _configuration(path: str, table: dict[str, Any]) -> tuple[Configuration, list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in table.items():
        where = f"{path}: `{key}` in {TABLE}"
        reader = _KEYS.get(key)
        try:
            if reader is None:
                raise UserError(
                    f"{where} is no setting{did_you_mean(key, _KEYS)}; there are {', '.join(_KEYS)}"
                )
            values[key.replace("-", "_")] = reader(where, value)
        except UserError as error:
            problems.append(Problem(key, ConfigurationError(str(error))))
    return Configuration(file=Path(path), values=dict(table), **values), problems


def _strings(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{where} must be a list of strings, not {kind(value)}")
    for item in value:
        if not isinstance(item, str):
            raise ConfigurationError(f"{where} must be a list of strings, but holds {kind(item)}")
    return tuple(value)


def _codes(where: str, value: object) -> tuple[str, ...]:
    words = _strings(where, value)
    for word in words:
        codes_of(word, where)
    return words


def _per_file(where: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} must be a table of patterns and lists of rules, not {kind(value)}")
    return tuple(
        (pattern, _codes(f"{where}, pattern `{pattern}`", words)) for pattern, words in value.items()
    )


def _gpu(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{where} must be a string, not {kind(value)}")
    return gpu_name(where, value)


def gpu_name(where: str, value: str) -> str:
    """The table's name of the GPU ``value``. Raises UserError, which names ``where`` and the nearest GPUs."""
    from keras_memlint.analysis.sizes.gpus import find, unknown

    gpu = find(value)
    if gpu is None:
        raise UserError(f"{where}: {unknown(value)}")
    return gpu.name


def _size(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ConfigurationError(f"{where} must be a size such as 64 or '16GiB', not {kind(value)}")
    try:
        from keras_memlint.analysis.sizes.gpus import parse_size

        return parse_size(str(value))
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _memory(where: str, value: object) -> int:
    _size(where, value)
    try:
        from keras_memlint.analysis.sizes.gpus import parse_memory

        return parse_memory(str(value))
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where} must be true or false, not {kind(value)}")
    return value


_KEYS: dict[str, Callable[[str, object], Any]] = {
    "select": _codes,
    "ignore": _codes,
    "per-file-ignores": _per_file,
    "exclude": _strings,
    "target-gpu": _gpu,
    "host-memory": _memory,
    "size-threshold": _size,
    "exclusive-gpu": _flag,
}
