"""The changes that an estimate recomputed, as edits of the text that the editor shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint.analysis.text.files import UnreadableError, read_script
from keras_memlint.rules.diagnostic import DiagnosticFix
from keras_memlint.server.lsp.actions import fix_edits, workspace_edit
from keras_memlint.server.lsp.documents import Document, Unit, file_path
from keras_memlint.server.lsp.messages import refused, required, texts
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

if TYPE_CHECKING:
    from keras_memlint.server.lsp.server import MemlintServer


def add_what_if(server: MemlintServer) -> None:
    """Registers the message."""

    @server.feature("keras-memlint/whatIfEdits")
    async def what_if_edits(params: Any) -> dict[str, dict[str, Any]]:
        await server.configured.wait()
        unit = _unit(server, required(params, "uri", str))
        changes = list(dict.fromkeys(texts(params, "changes")))
        fixes, problems = await server.analyser.in_worker(lambda: server.core.changes(unit, changes))
        for problem in problems:
            server.log_once(problem)
        return {
            change: {"title": fix.message, "edit": edit}
            for change, fix in fixes.items()
            if (edit := _edit(server, unit, fix)) is not None
        }


def _unit(server: MemlintServer, uri: str) -> Unit:
    """What is open, or a script on disk. Raises JsonRpcException when there is neither."""
    unit = server.documents.unit(uri)
    if unit is not None:
        return unit
    path = file_path(uri)
    if path is None:
        raise refused(f"`{uri}` is not open")
    if path.endswith(".ipynb"):
        raise refused(f"{Path(path).name} is not open: only the editor knows the addresses of its cells")
    try:
        text = read_script(Path(path), path).source.text
    except UnreadableError as error:
        raise refused(str(error)) from None
    return Document(uri, "python", None, Lines(text, server.documents.encoding))


def _edit(server: MemlintServer, unit: Unit, fix: DiagnosticFix) -> types.WorkspaceEdit | None:
    edits = fix_edits(unit, fix)
    return None if edits is None else workspace_edit(server.render, edits)
