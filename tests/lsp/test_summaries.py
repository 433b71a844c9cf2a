"""The line about a whole script, for editors that show one, and the list of GPUs."""

from __future__ import annotations

from typing import Any

import pytest
from keras_memlint.analysis.sizes.gpus import GPUS
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

GIB = 1 << 30
RESNET = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


async def summary(editor: Any, uri: str, count: int = 1) -> dict[str, Any]:
    """The ``count``-th summary of a script."""
    await editor.until(lambda: len(editor.summaries.get(uri, ())) >= count, f"a summary of {uri}")
    return editor.summaries[uri][-1]


async def test_the_gpus_are_listed_in_the_order_of_the_table(vscode):
    found = await vscode.protocol.send_request_async("keras-memlint/gpus", None)
    assert [one["name"] for one in found] == [gpu.name for gpu in GPUS]
    (t4,) = [one for one in found if one["name"] == "T4"]
    assert (t4["memory"], t4["computeCapability"]) == (15 * GIB, [7, 5])


async def test_editors_without_extensions_are_told_nothing(vscode):
    await vscode.marks(vscode.open("untold.py", RESNET))
    assert vscode.summaries == {}


async def test_a_summary_is_told_when_it_changes(estimating_extended):
    editor = estimating_extended
    (editor.root / "told.py").write_text(RESNET, encoding="utf-8")
    uri = editor.open("told.py", RESNET)
    first = await summary(editor, uri)
    size = first.pop("bytes")
    assert 4 * GIB < size < 12 * GIB
    assert first.pop("text") == f"{size / GIB:.1f} GiB"
    assert first == {
        "uri": uri,
        "version": 1,
        "targetGpu": None,
        "fits": None,
        "how": "static",
        "trainings": 1,
    }
    editor.change(uri, (0, 0, "# a comment\n"))
    await editor.marks(uri)
    editor.replace(uri, "batch_size=64", "batch_size=n")
    second = await summary(editor, uri, 2)
    assert (second["version"], second["text"], second["bytes"], second["how"]) == (3, None, None, None)
    editor.replace(uri, "batch_size=n", "batch_size=64")
    editor.replace(uri, "# a comment\n", "")
    await summary(editor, uri, 3)
    run = types.ExecuteCommandParams("keras-memlint.estimate", [uri])
    await editor.workspace_execute_command_async(run)
    last = await summary(editor, uri, 4)
    assert (last["text"], last["fits"], last["how"]) == ("20.0 GiB on T4", "no", "compiler")
    assert (last["bytes"], len(editor.summaries[uri])) == (20 * GIB, 4)


async def test_a_target_changes_it(estimating_extended):
    editor = estimating_extended
    uri = editor.open("aimed.py", RESNET)
    await summary(editor, uri)
    try:
        editor.configure({"targetGpu": "rtx-2060"})
        found = await summary(editor, uri, 2)
        assert (found["targetGpu"], found["fits"]) == ("RTX 2060", "borderline")
        assert found["text"].endswith(" GiB on RTX 2060")
    finally:
        await editor.unconfigure()


async def test_scripts_that_do_not_train_have_no_total(estimating_extended):
    editor = estimating_extended
    found = await summary(editor, editor.open("idle.py", "import os\n"))
    assert (found["trainings"], found["text"]) == (0, None)
    tested = await summary(editor, editor.open("test_idle.py", RESNET + "import pytest\n"))
    assert (tested["trainings"], tested["text"]) == (0, None)


async def test_a_script_that_is_opened_again_is_told_again(estimating_extended):
    editor = estimating_extended
    uri = editor.open("again.py", RESNET)
    await summary(editor, uri)
    editor.close(uri)
    editor.open("again.py", RESNET)
    await summary(editor, uri, 2)
