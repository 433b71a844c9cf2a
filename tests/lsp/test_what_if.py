"""Edits for the changes of an estimate: in open texts, files, notebooks; only those that can be made."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException

pytestmark = pytest.mark.asyncio(loop_scope="module")
SCRIPT = """\
import keras
import numpy as np

BATCH = 64
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((640, 8)), np.zeros(640), batch_size=BATCH)  # größer 𝒙
"""
CHANGES = [
    "batch_size=16",
    "mixed_float16",
    "mixed_bfloat16",
    "gradient_accumulation_steps=4",
    "sgd",
    "remat",
    "x",
]
CONVERTER = get_converter()


async def offered(editor: Any, uri: str, changes: list[str] = CHANGES) -> dict[str, Any]:
    return await editor.ask("whatIfEdits", {"uri": uri, "changes": changes})


def edit_of(answer: dict[str, Any]) -> types.WorkspaceEdit:
    return CONVERTER.structure(answer["edit"], types.WorkspaceEdit)


async def apply(editor: Any, answer: dict[str, Any]) -> None:
    await editor.apply(types.CodeAction(answer["title"], edit=edit_of(answer)))


async def test_only_changes_that_can_be_made_have_an_edit(vscode):
    uri = vscode.open("offered.py", SCRIPT)
    found = await offered(vscode, uri)
    assert list(found) == CHANGES[:4]
    assert all("(unsafe: " in one["title"] for one in found.values())
    assert await offered(vscode, uri, []) == {}


@pytest.mark.parametrize("name", ["plain.py", "windows.py"])
async def test_an_edit_is_made_once(vscode, name):
    text = SCRIPT if name == "plain.py" else SCRIPT.replace("\n", "\r\n")
    uri = vscode.open(name, text)
    await apply(vscode, (await offered(vscode, uri))["gradient_accumulation_steps=4"])
    after = vscode.texts[uri].text
    assert after == text.replace("BATCH = 64", "BATCH = 16").replace(
        '"adam"', "keras.optimizers.Adam(gradient_accumulation_steps=4)"
    )
    assert list(await offered(vscode, uri)) == ["mixed_float16", "mixed_bfloat16"]


async def test_old_editors_have_plain_changes(neovim):
    uri = neovim.open("old.py", SCRIPT)
    await apply(neovim, (await offered(neovim, uri))["batch_size=16"])
    assert neovim.texts[uri].text == SCRIPT.replace("64\n", "16\n")


async def test_files_that_are_not_open(vscode):
    uri = vscode.write("closed.py", SCRIPT)
    found = edit_of((await offered(vscode, uri))["batch_size=16"])
    (change,) = found.document_changes
    assert (change.text_document.uri, change.text_document.version) == (uri, None)
    assert [(edit.range.start.line, edit.new_text) for edit in change.edits] == [(3, "16")]


async def test_in_a_notebook_by_a_cell(vscode):
    parts = SCRIPT.split("\n\n")
    book = vscode.uri("book.ipynb")
    cells = {f"vscode-notebook-cell:/book.ipynb#{number}": text for number, text in enumerate(parts)}
    vscode.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                book,
                "jupyter-notebook",
                1,
                [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in cells],
            ),
            [types.TextDocumentItem(uri, "python", 1, text) for uri, text in cells.items()],
        )
    )
    for name in (book, next(iter(cells))):
        found = edit_of((await offered(vscode, name))["mixed_float16"])
        edits = {change.text_document.uri: change.edits for change in found.document_changes}
        assert set(edits) == set(cells)
        (policy,), (output,) = edits.values()
        assert policy.new_text.endswith('set_global_policy("mixed_float16")')
        assert (output.range.start.line, output.new_text) == (1, ', dtype="float32"')


async def test_what_is_nowhere_is_refused(vscode):
    book = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for uri, why in (
        ("untitled:Untitled-7", "is not open"),
        (vscode.uri("no_such.py"), "no such file"),
        (vscode.write("closed.ipynb", json.dumps(book)), "closed.ipynb is not open: only the editor knows"),
    ):
        with pytest.raises(JsonRpcException, match=why):
            await offered(vscode, uri)
    with pytest.raises(JsonRpcException, match="`changes` must be"):
        await vscode.ask("whatIfEdits", {"uri": vscode.write("closed.py", ""), "changes": [1]})
