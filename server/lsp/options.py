"""The settings an editor sends, section ``keras-memlint``: what is typed there beats the file, as on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from keras_memlint.analysis.sizes.gpus import parse_memory
from keras_memlint.server.configuration import gpu_name
from keras_memlint.server.errors import UserError
from keras_memlint.server.selection import codes_of

SECTION = "keras-memlint"


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of one workspace folder. ``host_memory`` in bytes.

    ``hints``: findings of severity hint are shown. ``workspace``: requests for the diagnostics of files that are not
    open are answered. ``suppress``: actions that add a suppression comment are offered. ``array_hints`` and
    ``layer_hints``: inlay hints are shown. ``lenses``: code lenses are.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    target_gpu: str | None = None
    host_memory: int | None = None
    hints: bool = True
    workspace: bool = True
    suppress: bool = True
    array_hints: bool = True
    layer_hints: bool = True
    lenses: bool = True

    @property
    def shows_sizes(self) -> bool:
        """Whether any inlay hints are shown."""
        return self.array_hints or self.layer_hints


def read_options(section: object) -> tuple[Options, list[str]]:
    """The settings in ``section``, and what is wrong with it; a wrong setting counts as not set.

    Keys that are not ours are passed over: editors send everything that stands below the section.
    """
    options = Options()
    problems: list[str] = []
    if section is None:
        return options, problems
    if not isinstance(section, dict):
        return options, [f"editor setting `{SECTION}` must be an object"]
    for key, (field, reader) in _KEYS.items():
        try:
            value = _value(section, key)
        except UserError as error:
            if str(error) not in problems:
                problems.append(str(error))
            continue
        if value is None or value == "":
            continue
        try:
            options = replace(options, **{field: reader(f"editor setting `{SECTION}.{key}`", value)})
        except UserError as error:
            problems.append(str(error))
    return options, problems


def _value(section: dict[str, object], key: str) -> object:
    """The value of a key; one with a dot stands in an object of its own."""
    outer, _, inner = key.partition(".")
    found = section.get(outer)
    if not inner or found is None:
        return found
    if not isinstance(found, dict):
        raise UserError(f"editor setting `{SECTION}.{outer}` must be an object")
    return found.get(inner)


def section_of(settings: object) -> object:
    """Our part of settings that hold everything an editor has, or of initialization options; None without one."""
    if not isinstance(settings, dict):
        return None
    return settings.get(SECTION, settings.get("settings"))


def trusted_of(settings: object) -> bool | None:
    """Whether the editor says that the workspace may be run; None when it does not say.

    Only beside our section, never in it: what stands in a section, a workspace can set for itself.
    """
    found = settings.get("trusted") if isinstance(settings, dict) else None
    return found if isinstance(found, bool) else None


def extensions_of(initialization_options: object) -> bool:
    """Whether the editor knows our own messages and commands, which ``docs/editors/protocol.md`` lists."""
    return isinstance(initialization_options, dict) and initialization_options.get("extensions") is True


def _codes(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UserError(f"{where} must be a list of strings")
    for word in value:
        codes_of(word, where)
    return tuple(value)


def _gpu(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise UserError(f"{where} must be a string")
    return gpu_name(where, value)


def _size(where: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise UserError(f"{where} must be a size such as '16GiB'")
    try:
        return parse_memory(str(value))
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UserError(f"{where} must be true or false")
    return value


def _mode(where: str, value: object) -> bool:
    if value not in ("openFilesOnly", "workspace"):
        raise UserError(f"{where} must be 'openFilesOnly' or 'workspace'")
    return value == "workspace"


_KEYS: dict[str, tuple[str, Callable[[str, object], Any]]] = {
    "select": ("select", _codes),
    "ignore": ("ignore", _codes),
    "targetGpu": ("target_gpu", _gpu),
    "hostMemory": ("host_memory", _size),
    "hints": ("hints", _flag),
    "diagnosticMode": ("workspace", _mode),
    "suppressActions": ("suppress", _flag),
    "inlayHints.arrays": ("array_hints", _flag),
    "inlayHints.layers": ("layer_hints", _flag),
    "codeLens": ("lenses", _flag),
}
