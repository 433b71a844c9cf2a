"""What each documented editor does with the server, by protocol: its capabilities, its page's settings, its way to ask."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types
from pygls.capabilities import get_capability

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIX = "ds.map(decode, num_parallel_calls=tf.data.AUTOTUNE)\n"
TRAINING = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


def can(editor: Any, name: str) -> Any:
    """What the editor announced."""
    return get_capability(editor.capabilities, name, None)


async def marks(editor: Any, uri: str) -> list[types.Diagnostic]:
    """The findings in ``uri`` as this editor gets them."""
    if can(editor, "text_document.diagnostic"):
        return list((await editor.pull(uri)).items)
    return await editor.marks(uri)


async def test_the_settings_of_its_page_are_in_force(documented):
    await documented.until(
        lambda: any("target_gpu='T4'" in one.message for one in documented.log_messages), "the settings"
    )
    *_, last = [one.message for one in documented.log_messages if "settings in force" in one.message]
    assert "target_gpu='T4'" in last and "hints=False" in last


async def test_a_finding_is_shown_and_its_fix_falls_in_the_right_place(documented, script):
    uri = documented.open("fix.py", script.replace("ds = ds.map", 'note = "é🙂🙂"; ds = ds.map'))
    (mark,) = await marks(documented, uri)
    assert mark.code == "KM209"
    fix, *_ = await documented.actions(uri, mark.range, about=[mark])
    if can(documented, "workspace.workspace_edit.document_changes"):
        assert fix.edit.document_changes and not fix.edit.changes
    else:
        assert fix.edit.changes and not fix.edit.document_changes
    await documented.apply(fix)
    assert f'note = "é🙂🙂"; ds = {FIX}' in documented.texts[uri].text
    assert await marks(documented, uri) == []


async def test_all_safe_fixes_at_once(documented, script):
    text = script + "more = ds.map(decode)\nmore = more.prefetch(2)\n"
    uri = documented.open("all.py", text.replace("ds = ds.map", 'note = "🙂"; ds = ds.map'))
    assert [mark.code for mark in await marks(documented, uri)].count("KM209") == 2
    (everything,) = await documented.actions(uri, only=["source.fixAll.keras-memlint"])
    resolves = can(documented, "text_document.code_action.data_support") and "edit" in (
        can(documented, "text_document.code_action.resolve_support.properties") or ()
    )
    assert (everything.edit is None) == bool(resolves)
    await documented.apply(everything)
    assert documented.texts[uri].text.count(FIX) == 2
    assert await marks(documented, uri) == []


async def test_a_hover_has_the_form_the_editor_reads(documented, script):
    uri = documented.open("hover.py", script)
    at = documented.texts[uri].position(script.index("map(decode)"))
    answer = await documented.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), at)
    )
    assert "map-sequential" in answer.contents.value
    formats = can(documented, "text_document.hover.content_format") or ()
    wanted = types.MarkupKind.Markdown if types.MarkupKind.Markdown in formats else types.MarkupKind.PlainText
    assert answer.contents.kind == wanted


async def test_an_estimate_runs_and_is_shown(documented):
    path = documented.root / "train.py"
    path.write_text(TRAINING, encoding="utf-8")
    uri = documented.open("train.py", TRAINING)
    await marks(documented, uri)
    tokens = set(documented.progress_reports)
    refreshed = documented.diagnostic_refresh_count
    found = await documented.workspace_execute_command_async(
        types.ExecuteCommandParams("keras-memlint.estimate", [uri, {"targets": ["t4"]}])
    )
    assert found["targets"][0]["fits"] == "no"
    shown = set(documented.progress_reports) != tokens
    assert shown == bool(can(documented, "window.work_done_progress"))

    def estimated(messages: Any) -> bool:
        return any("predicted by the GPU compiler" in mark.message for mark in messages)

    if not can(documented, "text_document.diagnostic"):
        await documented.until(lambda: estimated(documented.published[uri][-1].diagnostics), "the estimate")
        return
    if can(documented, "workspace.diagnostics.refresh_support"):
        await documented.until(lambda: documented.diagnostic_refresh_count > refreshed, "a call to ask again")
    assert estimated(await marks(documented, uri))
