"""The check of the whole workspace that people ask for: what it reports, how far it is, and that it can be cancelled."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def codes(editor: Any) -> dict[str, list[str]]:
    answer = await editor.ask("checkWorkspace", {})
    return {
        item["uri"].removeprefix(editor.root.as_uri() + "/"): [mark["code"] for mark in item["diagnostics"]]
        for item in answer["items"]
    }


def notebook(script: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": script}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


async def test_files_that_are_not_open_are_reported_whatever_the_mode_says(vscode_pull, script):
    editor = vscode_pull
    editor.write("asked/closed.py", script)
    editor.write("asked/clean.py", "x = 1\n")
    editor.write("asked/book.ipynb", notebook(script))
    editor.configure({"diagnosticMode": "openFilesOnly"})
    try:
        await editor.until(
            lambda: any("workspace=False" in one.message for one in editor.log_messages), "the setting"
        )
        answer = await editor.ask("checkWorkspace")
        assert answer["files"] == 3
        closed, book = sorted(answer["items"], key=lambda item: item["uri"], reverse=True)
        assert (closed["uri"], book["uri"]) == (editor.uri("asked/closed.py"), editor.uri("asked/book.ipynb"))
        assert [mark["code"] for mark in closed["diagnostics"]] == ["KM209"]
        assert closed["diagnostics"][0]["range"]["start"]["line"] == 8
        # Only the editor knows the addresses of cells that are not open.
        assert book["diagnostics"][0]["message"].startswith("cell 1, line 9: ")
    finally:
        await editor.unconfigure()


async def test_open_texts_count_and_cells_that_are_marked_already_do_not(vscode_pull, script):
    editor = vscode_pull
    editor.write("open/now_clean.py", script)
    editor.write("open/book.ipynb", notebook(script))
    before = await codes(editor)
    assert {"open/now_clean.py", "open/book.ipynb"} <= set(before)
    uri = editor.open("open/now_clean.py", "x = 1\n")
    book, cell = editor.uri("open/book.ipynb"), "vscode-notebook-cell:/open/book.ipynb#c1"
    editor.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                book, "jupyter-notebook", 1, [types.NotebookCell(types.NotebookCellKind.Code, cell)]
            ),
            [types.TextDocumentItem(cell, "python", 1, script)],
        )
    )
    assert [mark.code for mark in await editor.marks(cell, 1)] == ["KM209"]
    assert set(before) - set(await codes(editor)) == {"open/now_clean.py", "open/book.ipynb"}
    editor.close(uri)


async def test_progress_names_the_files(vscode_pull, script):
    vscode_pull.progress_reports["scan"] = []
    answer = await vscode_pull.ask("checkWorkspace", {"workDoneToken": "scan"})
    begin, *stages, end = vscode_pull.progress_reports["scan"]
    assert (begin.title, begin.cancellable, end.message) == ("checking the workspace", True, "done")
    assert len(stages) == answer["files"]
    percentages = [one.percentage for one in stages]
    assert percentages == sorted(set(percentages))
    assert percentages[0] == 0 and percentages[-1] < 100
    assert "closed.py" in [one.message for one in stages]


async def test_a_wrong_token_is_refused(vscode_pull):
    with pytest.raises(JsonRpcException, match="`workDoneToken` must be"):
        await vscode_pull.ask("checkWorkspace", {"workDoneToken": []})


@pytest.mark.parametrize("by", ["request", "progress"])
async def test_it_can_be_cancelled_and_holds_up_no_document(scripted, by):
    for number in range(40):
        scripted.write(f"{by}/{number}.py", "import keras  # @sleep 0.2\n")
    scripted.progress_reports[by] = []
    scan = scripted.protocol.send_request_async(
        "keras-memlint/checkWorkspace", {"workDoneToken": by}, msg_id=f"check {by}"
    )
    scan = asyncio.ensure_future(scan)
    await scripted.until(lambda: len(scripted.progress_reports[by]) > 1, "the first file")
    uri = scripted.open(f"{by}.py", "x = 1  # @finding {}\n")
    assert len(await scripted.marks(uri)) == 1
    assert not scan.done()
    if by == "request":
        scripted.cancel_request(types.CancelParams(f"check {by}"))
    else:
        scripted.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(by))
    with pytest.raises(JsonRpcException, match=r"(?i)cancel") as cancelled:
        await asyncio.wait_for(scan, 20)
    assert cancelled.value.code == types.LSPErrorCodes.RequestCancelled
    await scripted.until(
        lambda: isinstance(scripted.progress_reports[by][-1], types.WorkDoneProgressEnd),
        "the progress to end",
    )
