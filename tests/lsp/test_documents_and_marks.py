"""Marks in the editor: when they come, where they stand, and when they go."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_finding_is_marked_when_a_script_is_opened(vscode, script):
    uri = vscode.open("opened.py", script)
    (mark,) = await vscode.marks(uri)
    assert mark.code == "KM209"
    assert mark.source == "keras-memlint"
    assert mark.severity == types.DiagnosticSeverity.Information
    assert vscode.texts[uri].text.splitlines()[mark.range.start.line].startswith("ds = ds.map")
    assert mark.data["name"] == "map-sequential"
    assert mark.code_description.href.startswith("file:") and mark.code_description.href.endswith(".md")


async def test_marks_count_utf_16_units(vscode, script):
    uri = vscode.open("emoji.py", script.replace("ds = ds.map", 'note = "🙂🙂"; ds = ds.map'))
    (mark,) = await vscode.marks(uri)
    assert mark.range.start.character == len('note = "') + 4 + len('"; ds = ds.')


async def test_typing_is_not_interrupted_by_findings_of_every_keystroke(vscode, script):
    uri = vscode.open("typed.py", script)
    await vscode.marks(uri)
    before = len(vscode.published[uri])
    for _ in range(30):
        vscode.change(uri, (0, 0, "\n"))
        await asyncio.sleep(0.01)
    assert len(await vscode.marks(uri)) == 1
    assert len(vscode.published[uri]) - before <= 10


async def test_half_typed_code_does_not_hide_the_rest(vscode, script):
    uri = vscode.open("half.py", script)
    vscode.change(uri, (len(script), len(script), "model.fit(ds, epochs=(\n"))
    assert [mark.code for mark in await vscode.marks(uri)] == ["KM209"]


async def test_closing_removes_the_marks(vscode, script):
    uri = vscode.open("closed.py", script)
    await vscode.marks(uri)
    vscode.close(uri)
    await vscode.until(lambda: not vscode.published[uri][-1].diagnostics, "the marks to go")


async def test_a_script_without_a_file_is_checked(vscode, script):
    uri = vscode.open("untitled:Untitled-1", script)
    assert len(await vscode.marks(uri)) == 1


async def test_what_is_no_script_of_the_user_is_left_alone(vscode, script):
    others = [
        vscode.open("git:/w/train.py?ref", script),
        vscode.open("vscode-notebook-cell:/w/n.ipynb#W0", script),
        vscode.open("notes.md", script, language="markdown"),
    ]
    after = vscode.open("after.py", script)
    await vscode.marks(after)
    assert [uri for uri in others if uri in vscode.published] == []


async def test_a_script_sees_the_unsaved_text_of_a_module_it_imports(vscode, script):
    module = "import tensorflow as tf\n\n\ndef decode(path):\n    return tf.io.decode_jpeg(tf.io.read_file(path))\n"
    vscode.write("data_module.py", "def decode(path):\n    return path\n")
    importing = (
        script[: script.index("def decode")]
        + "from data_module import decode\n"
        + script[script.index("ds = ") :]
    )
    main = vscode.open("imports.py", importing)
    assert await vscode.marks(main) == []
    vscode.open("data_module.py", module)
    await vscode.until(
        lambda: bool(vscode.published[main][-1].diagnostics), "the importing script's new finding"
    )


async def test_old_editors_get_plain_marks(emacs, script):
    uri = emacs.open("plain.py", script.replace("ds = ds.map", 'note = "🙂🙂"; ds = ds.map'))
    (mark,) = await emacs.marks(uri)
    assert emacs.encoding == "utf-32"
    assert mark.range.start.character == len('note = "') + 2 + len('"; ds = ds.')
    assert mark.code_description is None and mark.related_information is None
