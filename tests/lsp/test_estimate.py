"""The command that estimates: progress, cancellation, refusals, and what the editor shows afterwards."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc"),
]
COMMAND = "keras-memlint.estimate"
SCRIPT = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


def on_disk(editor: Any, name: str, text: str = SCRIPT) -> str:
    """A script that is saved and open."""
    path = editor.root / name
    path.write_text(text, encoding="utf-8")
    return editor.open(name, text)


async def estimate(editor: Any, *arguments: Any, token: str | None = None) -> Any:
    params = types.ExecuteCommandParams(COMMAND, list(arguments), work_done_token=token)
    return await editor.workspace_execute_command_async(params)


async def refusal(editor: Any, *arguments: Any) -> str:
    with pytest.raises(JsonRpcException) as refused:
        await estimate(editor, *arguments)
    return refused.value.message


def reports(editor: Any, token: str) -> list[Any]:
    return editor.progress_reports.get(token, [])


def new_token(editor: Any, before: set[str]) -> str:
    (token,) = set(editor.progress_reports) - before
    return token


def codes(marks: list[types.Diagnostic]) -> dict[str, str]:
    return {str(mark.code): mark.message.split("\n")[0] for mark in marks}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def hanging(editor: Any, name: str) -> list[int]:
    """The processes of an estimate that never ends, once they all run."""
    file = editor.root / Path(name).with_suffix(".pids")
    await editor.until(lambda: file.is_file() and len(file.read_text().split()) == 2, "the estimate to hang")
    pids = [int(pid) for pid in file.read_text().split()]
    assert all(alive(pid) for pid in pids)
    return pids


async def gone(editor: Any, pids: list[int]) -> None:
    await editor.until(lambda: not any(alive(pid) for pid in pids), "all processes to be gone")


async def test_the_command_is_announced(estimating):
    assert estimating.answer.capabilities.execute_command_provider.commands == (COMMAND,)


async def test_the_estimate_is_the_answer_and_marks_and_hover_show_it(estimating):
    uri = on_disk(estimating, "shown.py")
    before = codes(await estimating.marks(uri))
    assert "KM501" not in before
    assert "activations take twice" in before["KM301"]
    tokens = set(estimating.progress_reports)
    seen = len(estimating.published[uri])
    found = await estimate(estimating, uri)
    assert found["schema_version"] == 1 and found["targets"][0]["fits"] == "no"
    arguments, cwd = found["notes"]
    assert json.loads(arguments) == ["--output-format", "json", "--progress", "json", "--end-with-input"]
    assert cwd == os.path.realpath(estimating.root)

    begin, *stages, end = reports(estimating, new_token(estimating, tokens))
    assert (begin.title, begin.cancellable) == ("estimating shown.py", True)
    assert [(one.message, one.percentage) for one in stages] == [
        ("script: train.py", 10),
        ("training: train.py", 40),
    ]
    assert isinstance(end, types.WorkDoneProgressEnd)
    assert any("a line of no interest" in one.message for one in estimating.log_messages)

    await estimating.until(lambda: len(estimating.published[uri]) > seen, "marks with the estimate")
    after = codes(list(estimating.published[uri][-1].diagnostics))
    assert "needs more than the 15.0 GiB of T4 (20.0 GiB, predicted by the GPU compiler)" in after["KM501"]
    assert "`mixed_float16` saves 8.0 GiB of 20.0 GiB" in after["KM301"]

    position = types.Position(4, 3)
    hover = types.HoverParams(types.TextDocumentIdentifier(uri), position)
    text = (await estimating.text_document_hover_async(hover)).contents.value
    assert (
        "**estimate**: about 20.0 GiB on T4, which does not fit at batch 64 (predicted by the GPU compiler, "
        in text
    )
    assert text.startswith("**estimate**")  # the name of the model, no finding's place

    # Another text is another script.
    estimating.change(uri, (0, 0, "# changed\n"))
    assert "KM501" not in codes(await estimating.marks(uri))
    assert (
        await estimating.text_document_hover_async(
            types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(5, 3))
        )
        is None
    )
    estimating.change(uri, (0, len("# changed\n"), ""))
    assert "KM501" in codes(await estimating.marks(uri))


async def test_a_finding_and_the_estimate_share_a_hover(estimating):
    uri = on_disk(estimating, "both.py")
    await estimate(estimating, uri)
    hover = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(4, 8))
    text = (await estimating.text_document_hover_async(hover)).contents.value
    assert text.startswith("**KM")
    assert "\n\n---\n\n**estimate**: about 20.0 GiB on T4" in text


async def test_nothing_runs_when_a_script_is_opened(estimating):
    tokens = set(estimating.progress_reports)
    uri = on_disk(estimating, "opened.py", SCRIPT + "# @hangs\n")
    await estimating.marks(uri)
    # There is one estimate at a time: one that ran would be in the way of this one, for good.
    assert (await estimate(estimating, on_disk(estimating, "asked_for.py")))["batch_size"] == 64
    begin, *_ = reports(estimating, new_token(estimating, tokens))
    assert begin.title == "estimating asked_for.py"
    assert not (estimating.root / "opened.pids").exists()


async def test_options_become_arguments(estimating):
    uri = on_disk(estimating, "options.py")
    options = {
        "targets": ["t4", "a100-40"],
        "whatIf": "all",
        "batchSizes": [16, 32],
        "steps": 5,
        "fitIndex": 1,
        "python": "-odd",
        "arguments": ["--epochs", "3"],
        "cwd": str(estimating.root.parent),
    }
    arguments, cwd = (await estimate(estimating, uri, options))["notes"]
    assert json.loads(arguments)[5:] == [
        "--python=-odd",
        "--target=t4,a100-40",
        "--what-if=all",
        "--fit-index=1",
        "--steps=5",
        "--batch-size=16,32",
        "--",
        "--epochs",
        "3",
    ]
    assert cwd == os.path.realpath(estimating.root.parent)


async def test_the_editors_gpu_is_the_target(estimating):
    uri = on_disk(estimating, "target.py")
    await estimating.marks(uri)
    try:
        estimating.configure({"targetGpu": "A100-40"})
        await estimating.until(
            lambda: any("A100 40GB" in one.message for one in estimating.log_messages), "the setting"
        )
        arguments, _ = (await estimate(estimating, uri))["notes"]
        assert json.loads(arguments)[5:] == ["--target=A100 40GB"]
    finally:
        await estimating.unconfigure()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "takes the URI of a script"),
        ((5,), "takes the URI of a script"),
        (("URI", {}, 1), "takes the URI of a script"),
        (("URI", []), "options of `keras-memlint.estimate` must be an object"),
        (("URI", {"target": "t4"}), "`target` is no option"),
        (("URI", {"targets": [1]}), "`targets` must be a text or a list of texts"),
        (("URI", {"steps": "3"}), "`steps` must be a number"),
        (("URI", {"cwd": "/no/such/folder"}), "`cwd` must be a folder"),
    ],
)
async def test_wrong_arguments_are_refused(estimating, arguments: tuple[Any, ...], why: str):
    uri = on_disk(estimating, "wrong.py")
    assert why in await refusal(estimating, *(uri if one == "URI" else one for one in arguments))


async def test_unknown_commands_are_refused(estimating):
    with pytest.raises(JsonRpcException, match="there is no command `other`"):
        await estimating.workspace_execute_command_async(types.ExecuteCommandParams("other"))


async def test_changes_that_are_not_saved_are_refused(estimating):
    uri = on_disk(estimating, "dirty.py")
    estimating.change(uri, (0, 0, "# changed\n"))
    said = "dirty.py has changes that are not saved: save it first, an estimate runs the file"
    assert await refusal(estimating, uri) == said


async def test_texts_that_are_no_files_are_refused(estimating):
    save = "save it first, an estimate runs the file"
    uri = estimating.open("untitled:Untitled-1", SCRIPT)
    assert await refusal(estimating, uri) == f"Untitled-1 was never saved: {save}"
    book = "untitled:Book.ipynb"
    cell = types.TextDocumentItem("vscode-notebook-cell:Book.ipynb#c0", "python", 1, SCRIPT)
    estimating.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                book, "jupyter-notebook", 1, [types.NotebookCell(types.NotebookCellKind.Code, cell.uri)]
            ),
            [cell],
        )
    )
    assert await refusal(estimating, cell.uri) == f"Book.ipynb was never saved: {save}"
    never_saved = estimating.open("never_saved.py", SCRIPT)
    said = f"never_saved.py is not on disk, it was never saved or is gone: {save}"
    assert await refusal(estimating, never_saved) == said
    nowhere = (estimating.root / "nowhere.py").as_uri()
    assert (await refusal(estimating, nowhere)).endswith("nowhere.py: no such file")
    remote = "vscode-vfs://github/user/train.py"
    assert (
        await refusal(estimating, remote)
        == f"`{remote}` is no file on this machine, and an estimate runs files"
    )


async def test_other_languages_are_refused(estimating):
    path = estimating.root / "notes.md"
    path.write_text(SCRIPT, encoding="utf-8")
    item = types.TextDocumentItem(path.as_uri(), "markdown", 1, SCRIPT)
    estimating.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert (await refusal(estimating, item.uri)).startswith("notes.md is no Python script or notebook")


async def test_a_script_need_not_be_open(estimating):
    path = estimating.root / "not_open.py"
    path.write_text(SCRIPT, encoding="utf-8")
    assert (await estimate(estimating, path.as_uri()))["batch_size"] == 64


async def test_line_endings_alone_are_no_change(estimating):
    path = estimating.root / "endings.py"
    path.write_bytes(SCRIPT.replace("\n", "\r\n").encode())
    uri = estimating.open("endings.py", SCRIPT)
    await estimate(estimating, uri)
    await estimating.until(
        lambda: "KM501" in codes(list(estimating.published[uri][-1].diagnostics)), "marks with the estimate"
    )


async def test_a_notebook_is_estimated_by_a_cell(estimating):
    cells = ["import keras", SCRIPT.partition("\n\n")[2]]
    book = {
        "cells": [
            {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": [text]}
            for text in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = estimating.root / "book.ipynb"
    path.write_text(json.dumps(book), encoding="utf-8")
    uris = [f"vscode-notebook-cell:{path}#c{number}" for number in range(2)]
    estimating.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri=path.as_uri(),
                notebook_type="jupyter-notebook",
                version=1,
                cells=[types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris],
            ),
            cell_text_documents=[
                types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, cells, strict=True)
            ],
        )
    )
    found = await estimate(estimating, uris[1])
    assert found["script"] == str(path)
    await estimating.until(
        lambda: "KM501" in codes(list(estimating.published[uris[1]][-1].diagnostics)), "marks in the cell"
    )
    hover = types.HoverParams(types.TextDocumentIdentifier(uris[1]), types.Position(2, 3))
    assert "**estimate**" in (await estimating.text_document_hover_async(hover)).contents.value


async def test_the_last_estimate_is_that_of_the_text_shown(estimating):
    async def last(uri: str) -> Any:
        return await estimating.ask("lastEstimate", {"uri": uri})

    uri = on_disk(estimating, "last.py")
    assert await last(uri) is None
    found = await estimate(estimating, uri)
    assert await last(uri) == found
    estimating.change(uri, (0, 0, "# changed\n"))
    assert await last(uri) is None
    estimating.close(uri)
    assert await last(uri) == found  # what is on disk
    for other in ("untitled:Untitled-9", estimating.uri("no_such.py")):
        assert await last(other) is None


async def test_a_failure_is_one_sentence_and_the_rest_in_the_log(estimating):
    uri = on_disk(estimating, "failing.py", SCRIPT + "# @fails\n")
    assert await refusal(estimating, uri) == "train.py crashed before it trained: no such file"
    assert any("Traceback: no such file" in one.message for one in estimating.log_messages)


async def test_garbage_is_no_estimate(estimating):
    uri = on_disk(estimating, "garbage.py", SCRIPT + "# @garbage\n")
    assert "line of no interest" in await refusal(estimating, uri)


async def test_the_editors_own_token_is_used(estimating):
    uri = on_disk(estimating, "token.py")
    estimating.progress_reports["mine"] = []
    tokens = set(estimating.progress_reports)
    await estimate(estimating, uri, token="mine")
    assert set(estimating.progress_reports) == tokens
    assert len(reports(estimating, "mine")) == 4


@pytest.mark.parametrize("order", ["hangs", "stubborn"])
async def test_cancelling_the_progress_leaves_no_process(estimating, order: str, monkeypatch):
    name = f"{order}.py"
    uri = on_disk(estimating, name, f"{SCRIPT}# @{order}\n")
    tokens = set(estimating.progress_reports)
    asked = asyncio.ensure_future(estimate(estimating, uri))
    pids = await hanging(estimating, name)
    other = on_disk(estimating, f"meanwhile_{order}.py")
    assert "is being estimated" in await refusal(estimating, other)
    token = new_token(estimating, tokens)
    estimating.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    with pytest.raises(JsonRpcException, match="cancelled") as cancelled:
        await asked
    assert cancelled.value.code == -32800
    assert not alive(pids[0])
    await gone(estimating, pids)  # the system ends the child when it comes to that
    assert isinstance(reports(estimating, token)[-1], types.WorkDoneProgressEnd)
    assert (await estimate(estimating, other))["batch_size"] == 64


async def test_who_cancels_twice_does_not_interrupt_the_end(estimating):
    uri = on_disk(estimating, "twice.py", f"{SCRIPT}# @stubborn\n")
    request = types.ExecuteCommandParams(COMMAND, [uri], work_done_token="twice")
    estimating.progress_reports["twice"] = []
    asked = estimating.protocol.send_request(
        types.WORKSPACE_EXECUTE_COMMAND, request, msg_id="cancelled-twice"
    )
    pids = await hanging(estimating, "twice.py")
    estimating.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("twice"))
    # It is being ended, and takes its time.
    told = estimating.root / "twice.told"
    await estimating.until(told.is_file, "the estimate to be told to end")
    estimating.cancel_request(types.CancelParams("cancelled-twice"))
    with pytest.raises(JsonRpcException, match="cancel"):
        await asyncio.wrap_future(asked)
    assert not alive(pids[0])
    await gone(estimating, pids)  # the system ends the child when it comes to that
    assert isinstance(reports(estimating, "twice")[-1], types.WorkDoneProgressEnd)


async def test_cancelling_the_request_leaves_no_process(estimating):
    uri = on_disk(estimating, "request.py", SCRIPT + "# @hangs\n")
    protocol = estimating.protocol
    request = types.ExecuteCommandParams(COMMAND, [uri])
    asked = protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, request, msg_id="to-cancel")
    pids = await hanging(estimating, "request.py")
    estimating.cancel_request(types.CancelParams("to-cancel"))
    with pytest.raises(JsonRpcException, match="cancel"):
        await asyncio.wrap_future(asked)
    await gone(estimating, pids)


async def test_editors_that_ask_are_told_to_ask_again(estimating_pull):
    uri = on_disk(estimating_pull, "asking.py")
    assert "KM501" not in codes((await estimating_pull.pull(uri)).items)
    refreshed = estimating_pull.diagnostic_refresh_count
    await estimate(estimating_pull, uri)
    await estimating_pull.until(lambda: estimating_pull.diagnostic_refresh_count > refreshed, "a refresh")
    assert "KM501" in codes((await estimating_pull.pull(uri)).items)


async def test_files_that_are_not_open_have_the_estimate_too(estimating_pull):
    path = estimating_pull.root / "elsewhere.py"
    path.write_text(SCRIPT, encoding="utf-8")

    async def marks() -> dict[str, str]:
        report = await estimating_pull.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        return next((codes(item.items) for item in report.items if item.uri == path.as_uri()), {})

    assert "KM501" not in await marks()
    await estimate(estimating_pull, path.as_uri())
    assert "KM501" in await marks()


async def test_an_untrusted_workspace_is_refused_until_it_is_trusted(estimating_untrusted):
    editor = estimating_untrusted
    uri = on_disk(editor, "untrusted.py", SCRIPT)
    assert "not trusted" in await refusal(editor, uri)
    # What a workspace can set for itself is no trust.
    editor.set_configuration({"keras-memlint": {"trusted": True}})
    for settings in ({"keras-memlint": {"trusted": True}}, None, {"trusted": "yes"}):
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=settings))
    assert "not trusted" in await refusal(editor, uri)
    editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={"trusted": True}))
    assert (await estimate(editor, uri))["batch_size"] == 64
    editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={"trusted": False}))
    assert "not trusted" in await refusal(editor, uri)
