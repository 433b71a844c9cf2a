"""The scripts of whole workspace folders: asked for by editors that pull, or by people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint.server.discovery import Found
from keras_memlint.server.lsp.diagnostics import result_id
from keras_memlint.server.lsp.documents import Notebook, Unit, key
from keras_memlint.server.lsp.messages import work_done_token
from keras_memlint.server.lsp.work_done import Told, with_progress
from lsprotocol import types
from pygls.uris import from_fs_path

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace
    from keras_memlint.server.lsp.server import MemlintServer

Marked = tuple[str, int | None, Sequence[types.Diagnostic]]
"""A script's URI, its version when it is open, and its findings."""


# An editor that asks again at once may pass over an answer, while it still waits for one about the open document.
_REPORTS_AFTER_CLOSING = 3


def add_everywhere(server: MemlintServer) -> None:
    """Registers both checks of the whole workspace: the editor's, again and again, and the one people ask for."""
    # How often a document that was closed is still reported. Editors keep showing what they last got for it.
    closed: dict[str, int] = {}

    def remember(unit: Unit) -> None:
        if server.client.pull and not isinstance(unit, Notebook):
            closed[unit.uri] = _REPORTS_AFTER_CLOSING

    server.on_close.append(remember)

    @server.feature(types.WORKSPACE_DIAGNOSTIC)
    async def pull_workspace(params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
        await server.configured.wait()
        anew = {key(uri): uri for uri in closed if server.documents.unit(uri) is None}
        before = {key(known.uri): known.value for known in params.previous_result_ids} | dict.fromkeys(
            anew, ""
        )
        items: list[types.WorkspaceDocumentDiagnosticReport] = []
        folders = [folder for folder in server.folders if server.options_for(folder).workspace]
        async for uri, version, messages in everywhere(server, folders):
            name = result_id(messages)
            if before.pop(key(uri), "" if messages else name) != name:
                items.append(
                    types.WorkspaceFullDocumentDiagnosticReport(uri, messages, version, result_id=name)
                )
            elif messages:
                items.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, name, version))
        # What had findings and is now gone, ignored, or not wanted.
        nothing = result_id(())
        items += [
            types.WorkspaceFullDocumentDiagnosticReport(anew.get(uri, uri), [], None, result_id=nothing)
            for uri, name in before.items()
            if name != nothing and server.documents.unit(uri) is None
        ]
        for uri in anew.values():
            if uri in closed:
                closed[uri] -= 1
                if not closed[uri]:
                    del closed[uri]
        return types.WorkspaceDiagnosticReport(items)

    @server.feature("keras-memlint/checkWorkspace")
    async def check_workspace(params: Any) -> dict[str, Any]:
        await server.configured.wait()
        token = work_done_token(params)
        return await with_progress(server, token, "checking the workspace", partial(_check, server))


async def messages_of(server: MemlintServer, uri: str) -> list[types.Diagnostic]:
    """What is marked in an open text document."""
    latest = await server.latest(uri)
    if latest is None:
        return []
    unit, outcome = latest
    return server.render.by_document(unit, outcome.findings).get(unit.uri, [])


async def everywhere(
    server: MemlintServer,
    folders: Sequence[str],
    before: Callable[[int, int, Found], None] | None = None,
) -> AsyncIterator[Marked]:
    """Each script below ``folders``. ``before`` is told of each file, and how many of how many were done.

    Notebooks that are open are left out: their cells are marked without being asked for, and an address of the whole
    notebook would show the same again.
    """
    if not folders:
        return
    in_worker, unopened = server.analyser.in_worker, server.unopened
    files = await in_worker(lambda: unopened.files(folders, believe_list=server.client.watch))
    remembered = await in_worker(lambda: unopened.remembered(files))
    workspace: Workspace | None = None
    for number, file in enumerate(files):
        if before is not None:
            before(number, len(files), file)
        unit = server.documents.unit_at(file.path)
        if isinstance(unit, Notebook):
            continue
        if unit is not None:
            yield unit.uri, unit.version, await messages_of(server, unit.uri)
            continue
        if file.path in remembered:
            messages = remembered[file.path]
        else:
            if workspace is None:
                workspace = await in_worker(server.core.new_workspace)
            # One file at a time: what is asked about open documents comes in between, and this can be cancelled.
            messages, problems = await in_worker(partial(unopened.check, file, server.render, workspace))
            for problem in problems:
                server.log_once(problem)
        yield from_fs_path(file.path) or file.path, None, list(messages)


async def _check(server: MemlintServer, tell: Told) -> dict[str, Any]:
    files, told = 0, -1

    def before(number: int, of: int, file: Found) -> None:
        nonlocal files, told
        files = of
        percentage = 100 * number // of
        # Editors take a moment for each.
        if percentage != told:
            told = percentage
            tell(Path(file.path).name, percentage)

    items = [
        {"uri": uri, "diagnostics": messages}
        async for uri, _, messages in everywhere(server, server.folders, before)
        if messages
    ]
    return {"files": files, "items": items}
