"""Code actions: what is offered, in which order, and what the text is afterwards."""

from __future__ import annotations

import json

import pytest
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_fix_comes_first_and_suppressing_last(vscode, script):
    uri = vscode.open("order.py", script)
    (mark,) = await vscode.marks(uri)
    actions = await vscode.actions(uri, mark.range)
    assert [(action.kind, action.is_preferred) for action in actions] == [
        ("quickfix", True),
        ("quickfix", None),
        ("source.fixAll.keras-memlint", None),
    ]
    assert actions[0].title == "KM209: map in parallel with `num_parallel_calls=tf.data.AUTOTUNE`"
    assert actions[1].title == "KM209: suppress on this line"


async def test_choosing_the_fix_removes_the_mark(vscode, script):
    uri = vscode.open("fixed.py", script.replace("ds = ds.map", 'note = "🙂🙂"; ds = ds.map'))
    (mark,) = await vscode.marks(uri)
    fix, *_ = await vscode.actions(uri, mark.range)
    await vscode.apply(fix)
    assert (
        'note = "🙂🙂"; ds = ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)\n' in vscode.texts[uri].text
    )
    assert await vscode.marks(uri) == []


async def test_neovim_gets_edits_it_can_make(neovim, script):
    await _fix_works(neovim, script)


async def test_emacs_gets_edits_in_its_own_units(emacs, script):
    await _fix_works(emacs, script)


async def _fix_works(editor, script):
    uri = editor.open("older.py", script.replace("ds = ds.map", 'note = "🙂🙂"; ds = ds.map'))
    (mark,) = await editor.marks(uri)
    fix, *_ = await editor.actions(uri, mark.range)
    await editor.apply(fix)
    assert "ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)\n" in editor.texts[uri].text
    assert await editor.marks(uri) == []


async def test_a_cursor_elsewhere_on_the_line_is_enough_when_the_editor_names_the_finding(vscode, script):
    uri = vscode.open("cursor.py", script)
    (mark,) = await vscode.marks(uri)
    start_of_line = types.Range(
        types.Position(mark.range.start.line, 0), types.Position(mark.range.start.line, 0)
    )
    only = [types.CodeActionKind.QuickFix]
    assert await vscode.actions(uri, start_of_line, only=only) == []
    assert len(await vscode.actions(uri, start_of_line, only=only, about=[mark])) == 2


@pytest.mark.parametrize(
    ("only", "kinds"),
    [
        (["quickfix"], {"quickfix"}),
        (["source"], {"source.fixAll.keras-memlint"}),
        (["source.fixAll"], {"source.fixAll.keras-memlint"}),
        (["source.fixAll.keras-memlint"], {"source.fixAll.keras-memlint"}),
        (["source.fixAll.ruff"], set()),
        (["source.organizeImports"], set()),
        (["refactor"], set()),
        (["notebook"], set()),
        ([""], {"quickfix", "source.fixAll.keras-memlint"}),
    ],
)
async def test_only_the_kinds_that_were_asked_for(vscode, script, only, kinds):
    uri = vscode.open("only.py", script)
    assert {action.kind for action in await vscode.actions(uri, only=only)} == kinds


async def test_fix_all_makes_every_safe_fix(vscode, script):
    again = script + "more = tf.data.Dataset.list_files('b/*.jpg').map(decode).batch(8)\n"
    uri = vscode.open("all.py", again)
    assert [mark.code for mark in await vscode.marks(uri)].count("KM209") == 2
    (everything,) = await vscode.actions(uri, only=["source.fixAll"])
    assert everything.edit is None
    await vscode.apply(everything)
    assert vscode.texts[uri].text.count("num_parallel_calls=tf.data.AUTOTUNE") == 2
    assert [mark.code for mark in await vscode.marks(uri) if mark.code == "KM209"] == []


async def test_fix_all_of_a_text_that_changed_meanwhile_is_refused(vscode, script):
    uri = vscode.open("stale.py", script)
    (everything,) = await vscode.actions(uri, only=["source.fixAll"])
    vscode.change(uri, (0, 0, "\n"))
    with pytest.raises(Exception, match="has changed"):
        await vscode.code_action_resolve_async(everything)


async def test_unsafe_fixes_are_named_so_and_never_preferred(scripted):
    here = {"row": 1, "column": 1}

    def fix(applicability: str, message: str) -> dict[str, object]:
        edit = {"location": here, "end_location": here, "content": "y = 2; ", "cell": None}
        return {"applicability": applicability, "message": message, "edits": [edit]}

    fixes = [
        fix("unsafe", "shuffle less (unsafe: mixes less)"),
        fix("safe", "keep indices"),
        fix("unsafe", "drop it (unsafe: the last batch is lost)"),
        fix("safe", "use a file"),
    ]
    uri = scripted.open("unsafe.py", f"x = 1  # @finding {json.dumps({'fixes': fixes})}\n")
    actions = await scripted.actions(uri, only=["quickfix"])
    assert [(action.title, action.is_preferred) for action in actions] == [
        ("KM209: keep indices", True),
        ("KM209: use a file", None),
        ("KM209: shuffle less (unsafe: mixes less)", None),
        ("KM209: drop it (unsafe: the last batch is lost)", None),
        ("KM209: suppress on this line", None),
    ]


SUPPRESSED = [
    ("ds = ds.map(decode)", "ds = ds.map(decode)  # memlint: ignore[KM209]"),
    ("ds = ds.map(decode)  ", "ds = ds.map(decode)  # memlint: ignore[KM209]"),
    ("ds = ds.map(decode)  # slow", "ds = ds.map(decode)  # slow  # memlint: ignore[KM209]"),
    ("ds = ds.map(decode)  # noqa: E501", "ds = ds.map(decode)  # noqa: E501  # memlint: ignore[KM209]"),
    ("ds = ds.map(decode)  # memlint: ignore[KM203]", "ds = ds.map(decode)  # memlint: ignore[KM203, KM209]"),
    ("ds = ds.map(decode)  # memlint: ignore[]", "ds = ds.map(decode)  # memlint: ignore[KM209]"),
    ("ds = ds.map(\n    decode\n)", "ds = ds.map(  # memlint: ignore[KM209]\n    decode\n)"),
    (
        "ds = ds.map(decode, name='''a\nb''')",
        "ds = ds.map(decode, name='''a\nb''')  # memlint: ignore[KM209]",
    ),
    ("ds = ds.map(decode, \\\n  name='b')", "ds = ds.map(decode, \\\n  name='b')  # memlint: ignore[KM209]"),
    ("ds = ds.map(decode, name='#')", "ds = ds.map(decode, name='#')  # memlint: ignore[KM209]"),
]


@pytest.mark.parametrize(("statement", "suppressed"), SUPPRESSED)
async def test_suppressing_removes_the_mark(vscode, script, statement, suppressed):
    uri = vscode.open("suppressed.py", script.replace("ds = ds.map(decode)", statement))
    marks = await vscode.marks(uri)
    actions = await vscode.actions(uri, only=["quickfix"])
    (action,) = [one for one in actions if one.title == "KM209: suppress on this line"]
    await vscode.apply(action)
    assert vscode.texts[uri].text == script.replace("ds = ds.map(decode)", suppressed)
    assert "KM209" in [mark.code for mark in marks]
    assert "KM209" not in [mark.code for mark in await vscode.marks(uri)]


async def test_suppressing_keeps_line_ends(vscode, script):
    uri = vscode.open("crlf.py", script.replace("\n", "\r\n"))
    *_, action = await vscode.actions(uri, only=["quickfix"])
    await vscode.apply(action)
    assert "ds = ds.map(decode)  # memlint: ignore[KM209]\r\n" in vscode.texts[uri].text


async def test_no_actions_for_what_is_not_open(vscode):
    answer = await vscode.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier("file:///nowhere.py"),
            types.Range(types.Position(0, 0), types.Position(9, 9)),
            types.CodeActionContext(diagnostics=[]),
        )
    )
    assert not answer
