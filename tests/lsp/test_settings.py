"""Which settings hold: pyproject.toml from the file upward, the editor's own, and what is wrong in either."""

from __future__ import annotations

import pytest
from keras_memlint.server.lsp.options import read_options
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


def last(editor, uri: str) -> list[types.Diagnostic] | None:
    published = editor.published.get(uri)
    return list(published[-1].diagnostics) if published else None


async def test_the_nearest_pyproject_holds_and_a_change_shows_at_once(vscode, script):
    vscode.write("near/pyproject.toml", '[tool.keras-memlint]\nignore = ["KM209"]\n')
    uri = vscode.open("near/deep/train.py", script)
    assert await vscode.marks(uri) == []
    vscode.write("near/pyproject.toml", '[tool.keras-memlint]\nignore = ["KM2"]\nselect = ["KM207"]\n')
    vscode.write("near/deep/pyproject.toml", '[tool.keras-memlint]\nignore = ["KM207"]\n')
    await vscode.until(lambda: bool(last(vscode, uri)), "the nearer file to hold")
    vscode.write("near/deep/pyproject.toml", None)
    await vscode.until(lambda: last(vscode, uri) == [], "the farther file to hold again")


async def test_excluded_files_have_no_marks(vscode, script):
    vscode.write("excluding/pyproject.toml", '[tool.keras-memlint]\nexclude = ["old/"]\n')
    assert await vscode.marks(vscode.open("excluding/old/train.py", script)) == []
    assert len(await vscode.marks(vscode.open("excluding/new/train.py", script))) == 1


async def test_per_file_ignores(vscode, script):
    text = '[tool.keras-memlint.per-file-ignores]\n"demo_*.py" = ["map-sequential"]\n'
    vscode.write("per_file/pyproject.toml", text)
    assert await vscode.marks(vscode.open("per_file/demo_1.py", script)) == []
    assert len(await vscode.marks(vscode.open("per_file/train.py", script))) == 1


async def test_wrong_settings_are_marked_in_their_file_and_the_rest_holds(vscode, script):
    text = (
        '[project]\nname = "x"\n\n[tool.keras-memlint]\nselct = ["KM207"]\nhost-memory = "lots"\nignore = ["KM209"]\n'
        'target-gpu = "T5"\n\n[tool.keras-memlint.per-file-ignores]\n"*.py" = ["KM9999"]\n'
    )
    file = vscode.write("wrong/pyproject.toml", text)
    uri = vscode.open("wrong/train.py", script)
    assert await vscode.marks(uri) == []
    await vscode.until(lambda: bool(last(vscode, file)), "marks in pyproject.toml")
    marks = last(vscode, file)
    assert [(mark.range.start.line, mark.range.start.character) for mark in marks] == [
        (4, 0),
        (5, 0),
        (7, 0),
        (9, 20),
    ]
    assert marks[0].message.startswith(
        "`selct` in [tool.keras-memlint] is no setting (did you mean `select`?)"
    )
    assert {mark.severity for mark in marks} == {types.DiagnosticSeverity.Error}
    vscode.write("wrong/pyproject.toml", "[tool.keras-memlint]\n")
    await vscode.until(lambda: last(vscode, file) == [], "the marks to go")
    await vscode.until(lambda: bool(last(vscode, uri)), "the defaults to hold")


async def test_a_file_that_is_no_toml_is_marked_where_it_breaks(vscode, script):
    file = vscode.write("broken/pyproject.toml", "[tool.keras-memlint]\nignore = [\n]]\n")
    uri = vscode.open("broken/train.py", script)
    assert len(await vscode.marks(uri)) == 1
    await vscode.until(lambda: bool(last(vscode, file)), "a mark in pyproject.toml")
    (mark,) = last(vscode, file)
    assert mark.range.start.line == 2
    assert "no valid TOML" in mark.message


async def test_a_wrong_pattern_is_marked_too(vscode, script):
    file = vscode.write("pattern/pyproject.toml", '[tool.keras-memlint]\nexclude = ["!"]\n')
    uri = vscode.open("pattern/train.py", script)
    assert len(await vscode.marks(uri)) == 1
    await vscode.until(lambda: bool(last(vscode, file)), "a mark in pyproject.toml")
    assert last(vscode, file)[0].range.start.line == 1


async def test_settings_of_the_editor_beat_the_file_and_change_at_once(vscode, script):
    vscode.write("beaten/pyproject.toml", '[tool.keras-memlint]\nselect = ["KM207"]\n')
    uri = vscode.open("beaten/train.py", script)
    assert await vscode.marks(uri) == []
    try:
        vscode.configure({"select": ["KM2"], "targetGpu": None, "hostMemory": "", "interpreter": ["python"]})
        await vscode.until(lambda: bool(last(vscode, uri)), "the editor's selection")
        vscode.configure({"select": ["KM2"], "ignore": ["map-sequential"]})
        await vscode.until(lambda: last(vscode, uri) == [], "the editor's ignored rules")
    finally:
        await vscode.unconfigure()


async def test_wrong_settings_of_the_editor_are_logged_and_count_as_not_set(vscode, script):
    uri = vscode.open("unset.py", script)
    await vscode.marks(uri)
    vscode.configure({"select": ["KM999"], "targetGpu": "T5", "hostMemory": "lots", "hints": "yes"})
    try:
        for key in ("select", "targetGpu", "hostMemory", "hints"):
            await vscode.until(
                lambda key=key: any(f"`keras-memlint.{key}`" in one.message for one in vscode.log_messages),
                f"a complaint about {key}",
            )
        await vscode.until(lambda: [mark.code for mark in last(vscode, uri)] == ["KM209"], "the usual marks")
    finally:
        vscode.configure({})  # nothing changes


async def test_hints_are_shown_unless_switched_off(scripted):
    text = 'x = 1  # @finding {"severity": "hint"}\ny = 2  # @finding {"severity": "error"}\n'
    uri = scripted.open("hints.py", text)
    severities = [mark.severity for mark in await scripted.marks(uri)]
    assert severities == [types.DiagnosticSeverity.Hint, types.DiagnosticSeverity.Error]
    try:
        scripted.configure({"hints": False})
        await scripted.until(lambda: len(last(scripted, uri)) == 1, "the hint to go")
        scripted.configure({"hints": False, "select": ["KM209"]})
        await scripted.until(lambda: len(last(scripted, uri)) == 2, "the hint of a rule that was named")
    finally:
        await scripted.unconfigure()


async def test_suppressing_can_be_switched_off(vscode, script):
    uri = vscode.open("unsuppressed.py", script)
    vscode.configure({"suppressActions": False})
    try:
        await vscode.until(
            lambda: any("suppress=False" in one.message for one in vscode.log_messages[-1:]),
            "the new setting",
        )
        assert len(await vscode.actions(uri, only=["quickfix"])) == 1
    finally:
        await vscode.unconfigure()


async def test_each_folder_of_a_window_has_its_own_settings(two_folders, script):
    first = two_folders.open("a/train.py", script)
    second = two_folders.open("b/train.py", script)
    assert len(await two_folders.marks(first)) == 1
    assert await two_folders.marks(second) == []
    assert any(
        "settings in force in" in one.message and "KM209" in one.message for one in two_folders.log_messages
    )


async def test_changes_of_settings_and_files_are_asked_for(vscode):
    methods = {registration.method for registration in vscode.registered}
    assert methods == {"workspace/didChangeConfiguration", "workspace/didChangeWatchedFiles"}


async def test_editors_that_send_their_settings_are_heard(neovim, script):
    uri = neovim.open("sent.py", script)
    assert len(await neovim.marks(uri)) == 1
    for section, count in (({"ignore": ["KM209"]}, 0), ({}, 1)):
        settings = {"keras-memlint": section}
        neovim.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=settings))
        await neovim.until(lambda count=count: len(last(neovim, uri)) == count, f"{count} marks")


async def test_settings_with_a_dot_stand_in_an_object():
    options, problems = read_options({"inlayHints": {"arrays": False, "layers": None, "more": 1}})
    assert (options.array_hints, options.layer_hints, problems) == (False, True, [])
    options, problems = read_options({"inlayHints": False, "codeLens": "yes"})
    assert (options.array_hints, options.lenses) == (True, True)
    assert problems == [
        "editor setting `keras-memlint.inlayHints` must be an object",
        "editor setting `keras-memlint.codeLens` must be true or false",
    ]
