"""The editors that have a page in docs/editors: what they announce, and how the settings of their page reach the server.

Capabilities are pytest-lsp's recorded ones, or those of ``capabilities/``, each of which names its source.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editor_pages import block
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

_FOLDER = Path(__file__).parent / "capabilities"
Json = dict[str, Any]

SETTINGS: Json = {"keras-memlint": {"targetGpu": "T4", "hints": False}}
"""What every page sets, as an object."""


@dataclass(frozen=True)
class Documented:
    """An editor with the set-up of its page.

    ``settings`` is what it answers with when it is asked for a section, ``options`` what it starts the server with.
    ``counts`` is what it counts in a line, whatever was agreed.
    """

    name: str
    raw: Callable[[], Json]
    settings: Json = field(default_factory=lambda: SETTINGS)
    options: Json | None = None
    info: types.ClientInfo | None = None
    counts: str | None = None

    def __str__(self) -> str:
        return self.name

    def capabilities(self) -> types.ClientCapabilities:
        """What it announces, as pygls's types."""
        found: types.ClientCapabilities = default_converter().structure(self.raw(), types.ClientCapabilities)
        return found


def _recorded(name: str) -> Callable[[], Json]:
    return lambda: default_converter().unstructure(client_capabilities(name), types.ClientCapabilities)


def _written(name: str) -> Callable[[], Json]:
    return lambda: json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))["capabilities"]


def _newer_vscode() -> Json:
    """The recorded edition is of 1.65: since then it asks for diagnostics and knows hints and notebooks."""
    raw = _recorded("visual-studio-code")()
    raw["textDocument"] |= {
        "diagnostic": {"dynamicRegistration": True},
        "inlayHint": {"dynamicRegistration": True},
    }
    raw["workspace"] |= {name: {"refreshSupport": True} for name in ("diagnostics", "inlayHint", "codeLens")}
    raw["notebookDocument"] = {"synchronization": {"dynamicRegistration": True}}
    return raw


def _helix_25_07() -> Json:
    """Before commit a5d0a0e1c (September 2025) it did not ask for diagnostics."""
    raw = _written("helix")()
    del raw["textDocument"]["diagnostic"], raw["workspace"]["diagnostic"]
    return raw


def _undotted(settings: Json) -> Json:
    """Sublime's LSP takes the dots in keys of the first level for nesting."""
    found: Json = {}
    for name, value in settings.items():
        *parents, last = name.split(".")
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return found


def _helix_config() -> Json:
    table = tomllib.loads(block("helix.md", "toml", having="targetGpu"))
    found: Json = table["language-server"]["keras-memlint"]["config"]
    return found


def _zed(server: str, having: str) -> Json:
    found: Json = json.loads(block("zed.md", "json", having=having))["lsp"][server]
    return found


def _sublime_settings() -> Json:
    return _undotted(json.loads(block("sublime.md", "json", having="selector"))["keras-memlint"]["settings"])


ALL = [
    Documented("vscode", _newer_vscode),
    Documented("neovim-0.7", _recorded("neovim@v0.7.0")),
    Documented("neovim-0.11", _recorded("neovim@v0.11.0")),
    Documented("emacs-29", _recorded("emacs")),
    Documented("eglot-1.9", _written("eglot-1.9")),
    Documented("eglot-1.24", _written("eglot")),
    Documented("lsp-mode-8", _written("lsp-mode-8.0"), info=types.ClientInfo("emacs"), counts="utf-32"),
    Documented("helix", _written("helix"), _helix_config(), _helix_config(), counts="utf-8"),
    Documented("helix-25.07", _helix_25_07, _helix_config(), _helix_config(), counts="utf-8"),
    Documented("zed-as-pylsp", _written("zed"), {}, _zed("pylsp", "pylsp")["initialization_options"]),
    Documented("zed-extension", _written("zed"), _zed("keras-memlint", '"keras-memlint": {')["settings"]),
    Documented("sublime", _written("sublime"), _sublime_settings()),
]
