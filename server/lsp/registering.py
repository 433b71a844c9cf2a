"""What the editor is asked to tell: changed settings and files, and which of them matter."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from keras_memlint.server.lsp.diagnostics import SOURCE
from keras_memlint.server.lsp.options import SECTION
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer

_WATCHED = ("**/pyproject.toml", "**/*requirements*.txt", "**/*.py", "**/*.ipynb")


async def register(server: MemlintServer) -> None:
    """Asks to be told of changed settings and files, where the editor can do that."""
    wanted: list[types.Registration] = []
    if server.client.ask_changes:
        section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        wanted.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if server.client.watch:
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        files = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files))
    if wanted:
        await ignore_result(server.client_register_capability_async(types.RegistrationParams(wanted)))


def concerns(server: MemlintServer, changes: Iterable[types.FileEvent]) -> bool:
    """Whether findings can differ."""
    return any(
        change.type != types.FileChangeType.Changed or server.documents.document(change.uri) is None
        for change in changes
    )


def is_edited_script(change: types.FileEvent) -> bool:
    return change.type == types.FileChangeType.Changed and change.uri.endswith((".py", ".ipynb"))


async def ignore_result(request: Any) -> None:
    """Waits for an editor's answer; some announce what they cannot do."""
    try:
        await request
    except Exception as error:
        print(f"{SOURCE}: the editor refused a request: {error}", file=sys.stderr)
