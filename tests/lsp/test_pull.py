"""Editors that ask for diagnostics: of open documents, and of the whole workspace."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def everywhere(editor, previous: dict[str, str] | None = None) -> dict[str, object]:
    """The report of each document by its name below the root."""
    known = [types.PreviousResultId(editor.uri(name), value) for name, value in (previous or {}).items()]
    report = await editor.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(known))
    return {item.uri.removeprefix(editor.root.as_uri() + "/"): item for item in report.items}


async def test_the_answer_is_full_once_and_unchanged_then(vscode_pull, script):
    uri = vscode_pull.open("pulled.py", script)
    first = await vscode_pull.pull(uri)
    assert first.kind == "full" and [mark.code for mark in first.items] == ["KM209"]
    again = await vscode_pull.pull(uri, first.result_id)
    assert (again.kind, again.result_id) == ("unchanged", first.result_id)
    vscode_pull.change(uri, (len(script), len(script), "# nothing\n"))
    assert (await vscode_pull.pull(uri, first.result_id)).kind == "unchanged"
    vscode_pull.change(uri, (0, 0, "\n"))
    moved = await vscode_pull.pull(uri, first.result_id)
    assert moved.kind == "full" and moved.result_id != first.result_id


async def test_what_is_asked_for_is_not_pushed_as_well(vscode_pull, script):
    uri = vscode_pull.open("not_pushed.py", script)
    vscode_pull.change(uri, (0, 0, "\n"))
    assert len((await vscode_pull.pull(uri)).items) == 1
    await asyncio.sleep(0.4)
    assert uri not in vscode_pull.published


async def test_an_answer_is_about_the_last_version(vscode_pull, script):
    uri = vscode_pull.open("raced.py", script)
    pending = asyncio.ensure_future(vscode_pull.pull(uri))
    await asyncio.sleep(0)
    vscode_pull.replace(uri, "ds.map(decode)", "ds.map(decode, num_parallel_calls=8)")
    vscode_pull.change(uri, (0, 0, "\n"))
    assert (await vscode_pull.pull(uri)).items == ()
    assert (await pending).kind == "full"


async def test_a_document_that_is_not_open_has_nothing(vscode_pull):
    assert (await vscode_pull.pull("file:///nowhere.py")).items == ()


async def test_the_editor_is_told_to_ask_again(vscode_pull, script):
    uri = vscode_pull.open("asked_again.py", script)
    first = await vscode_pull.pull(uri)
    told = vscode_pull.diagnostic_refresh_count
    vscode_pull.configure({"ignore": ["KM209"]})
    try:
        await vscode_pull.until(lambda: vscode_pull.diagnostic_refresh_count > told, "the call to ask again")
        assert (await vscode_pull.pull(uri, first.result_id)).items == ()
    finally:
        await vscode_pull.unconfigure()


async def test_files_that_are_not_open_are_reported_too(vscode_pull, script):
    vscode_pull.write("scan/closed.py", script)
    vscode_pull.write("scan/clean.py", "import tensorflow as tf\n")
    vscode_pull.write("scan/.git/HEAD", "")
    vscode_pull.write("scan/.gitignore", "ignored.py\n")
    vscode_pull.write("scan/ignored.py", script)
    vscode_pull.write("scan/data.py", script[: script.index("ds =")])
    (vscode_pull.root / "scan/latin.py").write_bytes(b"import tensorflow\nx = '\xe9'\n")
    vscode_pull.write("scan/opened.py", "")
    opened = vscode_pull.open("scan/opened.py", script + "\n")
    reports = await everywhere(vscode_pull)
    inside = {name: report for name, report in reports.items() if name.startswith("scan/")}
    assert {name: report.kind for name, report in inside.items()} == {
        "scan/closed.py": "full",
        "scan/opened.py": "full",
    }
    assert inside["scan/opened.py"].version == 1
    assert inside["scan/closed.py"].version is None
    assert [mark.code for mark in inside["scan/closed.py"].items] == ["KM209"]

    ids = {name: report.result_id for name, report in reports.items()}
    assert {report.kind for report in (await everywhere(vscode_pull, ids)).values()} == {"unchanged"}

    vscode_pull.write("scan/closed.py", script.replace("decode)\n", "decode, num_parallel_calls=8)\n"))
    after = await everywhere(vscode_pull, ids)
    assert (after["scan/closed.py"].kind, after["scan/closed.py"].items) == ("full", ())
    assert after["scan/opened.py"].kind == "unchanged"

    vscode_pull.close(opened)
    vscode_pull.write("scan/closed.py", None)
    gone = await everywhere(vscode_pull, ids)
    assert (gone["scan/closed.py"].kind, gone["scan/closed.py"].items) == ("full", ())


async def test_a_document_that_was_closed_is_reported_although_the_editor_names_no_result(
    vscode_pull, script
):
    """VS Code forgets its result when a document closes, shows the findings on, and waits for a report."""
    vanished = vscode_pull.open("vanished.py", script)
    vscode_pull.write("mended.py", "import tensorflow as tf\n")
    mended = vscode_pull.open("mended.py", script)
    assert (await vscode_pull.pull(mended)).items
    for uri in (vanished, mended):
        vscode_pull.close(uri)
    reports = await everywhere(vscode_pull)
    for name in ("vanished.py", "mended.py"):
        assert (reports[name].kind, reports[name].items) == ("full", ())
    for _ in range(3):
        reports = await everywhere(vscode_pull)
    assert "vanished.py" not in reports and "mended.py" not in reports
    vscode_pull.write("mended.py", None)


async def test_notebooks_that_are_not_open_name_the_cell(vscode_pull, script):
    import json

    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": script},
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    vscode_pull.write("book.ipynb", json.dumps(book))
    (mark,) = (await everywhere(vscode_pull))["book.ipynb"].items
    assert mark.message.startswith("cell 2, line 9: `map` reads")
    assert mark.range.start == types.Position(0, 0)


async def test_the_workspace_can_be_left_out(vscode_pull, script):
    vscode_pull.write("left_out.py", script)
    vscode_pull.configure({"diagnosticMode": "openFilesOnly"})
    try:
        await vscode_pull.until(
            lambda: any("workspace=False" in one.message for one in vscode_pull.log_messages[-1:]),
            "the setting",
        )
        assert await everywhere(vscode_pull) == {}
    finally:
        await vscode_pull.unconfigure()


async def test_a_long_scan_can_be_cancelled_and_does_not_hold_up_documents(scripted):
    for number in range(40):
        scripted.write(f"slow/{number}.py", "import keras  # @sleep 0.2\n")
    request = types.WorkspaceDiagnosticParams([])
    scan = scripted.protocol.send_request_async("workspace/diagnostic", request, msg_id="scan")
    scan = asyncio.ensure_future(scan)
    uri = scripted.open("meanwhile.py", "x = 1  # @finding {}\n")
    assert len(await scripted.marks(uri)) == 1
    assert not scan.done()
    scripted.cancel_request(types.CancelParams("scan"))
    with pytest.raises(Exception, match=r"(?i)cancel"):
        await asyncio.wait_for(scan, 20)
