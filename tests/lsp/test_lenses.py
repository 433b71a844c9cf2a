"""Code lenses above what compiles and trains: what they say and do, before and after an estimate."""

from __future__ import annotations

from typing import Any

import pytest
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((224, 224, 3)),
    layers.Conv2D(32, 3),
    layers.GlobalAveragePooling2D(),
    layers.Dense(10),
])
"""
COMPILE = 'model.compile("adam", "sparse_categorical_crossentropy")\n'
FIT = "model.fit(x, y, batch_size=512)\n"
RESNET = """\
import keras

model = keras.applications.ResNet50(weights=None, input_shape=(224, 224, 3), classes=10)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=64)
"""


async def lenses(editor: Any, uri: str) -> list[types.CodeLens]:
    answer = await editor.text_document_code_lens_async(
        types.CodeLensParams(types.TextDocumentIdentifier(uri))
    )
    return list(answer)


async def titles(editor: Any, uri: str) -> list[tuple[int, str]]:
    """The row of each lens, and what it says."""
    return [(lens.range.start.line, lens.command.title) for lens in await lenses(editor, uri)]


async def test_without_a_gpu_the_lens_says_the_batch(vscode):
    uri = vscode.open("plain.py", MODEL + COMPILE + FIT)
    # 13 x 4 bytes of each of 1,226 weights; 222 x 222 x 32 outputs, 32 means and 10 numbers, 512 times 4 bytes.
    said = "about 3.0 GiB at batch 512: estimate"
    assert await titles(vscode, uri) == [(10, said)]
    (lens,) = await lenses(vscode, uri)
    assert (lens.command.command, lens.command.arguments) == ("keras-memlint.estimate", (uri,))


@pytest.mark.parametrize(("between", "rows"), [("", [10]), ("\n\n", [12]), ("\n\n\n", [9, 13])])
async def test_a_compile_close_to_its_training_has_none_of_its_own(vscode, between: str, rows: list[int]):
    uri = vscode.open(f"near{len(between)}.py", MODEL + COMPILE + between + FIT)
    found = await titles(vscode, uri)
    assert [row for row, _ in found] == rows
    assert len({title for _, title in found}) == 1


async def test_a_compile_close_to_another_training_keeps_its_own(vscode):
    other = "other = keras.Sequential([layers.Dense(1)])\nother.compile('adam', 'mse')\n"
    uri = vscode.open("apart.py", MODEL + other + COMPILE + FIT + "\n" * 3 + "other.fit(x, y)\n")
    assert [row for row, _ in await titles(vscode, uri)] == [10, 12, 16]


async def test_unknown_sizes_are_not_guessed(vscode):
    unknown = MODEL.replace("    keras.Input((224, 224, 3)),\n", "") + COMPILE + FIT
    uri = vscode.open("unknown.py", unknown)
    assert await titles(vscode, uri) == [(9, "estimate memory")]
    batches = MODEL + COMPILE + FIT.replace("512", "size()")
    assert {title for _, title in await titles(vscode, vscode.open("batches.py", batches))} == {
        "estimate memory"
    }


async def test_nothing_where_nothing_trains_and_in_tests(vscode):
    assert await lenses(vscode, vscode.open("compiled.py", MODEL + COMPILE)) == []
    assert await lenses(vscode, vscode.open("test_model.py", MODEL + COMPILE + FIT + "import pytest\n")) == []
    assert await lenses(vscode, vscode.open("other.py", "import os\nmodel.fit(x, y)\n")) == []


async def test_broken_code_hides_only_itself(vscode):
    uri = vscode.open("typing.py", MODEL + COMPILE + "x = np.load('a\n" + FIT + "for i in (\n")
    assert [row for row, _ in await titles(vscode, uri)] == [11]


async def test_later_trainings_are_estimated_by_their_number(vscode):
    uri = vscode.open("two.py", MODEL + COMPILE + FIT + "model.fit(x, y, batch_size=8)\n")
    found = [(lens.range.start.line, lens.command.arguments) for lens in await lenses(vscode, uri)]
    assert found == [(10, (uri,)), (11, (uri, {"fitIndex": 1}))]


async def test_the_number_of_a_training_after_a_loop_is_not_known(vscode):
    loop = "for fold in range(5):\n    " + FIT
    uri = vscode.open("folds.py", MODEL + COMPILE + loop + FIT)
    assert {lens.command.arguments for lens in await lenses(vscode, uri)} == {(uri,)}


async def test_places_count_as_the_editor_does(vscode):
    uri = vscode.open("wide.py", MODEL + COMPILE + "'😀'; history = " + FIT)
    lens = (await lenses(vscode, uri))[-1]
    assert (lens.range.start.line, lens.range.start.character) == (10, len("'??'; history = "))


async def test_the_target_gpu_and_the_setting(vscode):
    uri = vscode.open("target.py", MODEL + COMPILE + FIT)
    try:
        vscode.configure({"targetGpu": "T4"})
        await vscode.until(
            lambda: any("target_gpu='T4'" in one.message for one in vscode.log_messages), "the setting"
        )
        assert {title for _, title in await titles(vscode, uri)} == {"about 3.6 GiB on T4, fits: estimate"}
        # A step has needed half of what its shapes say: what is sure is said as sure, and nothing else.
        vscode.replace(uri, "512", "4096")
        assert {title for _, title in await titles(vscode, uri)} == {
            "about 24.7 GiB on T4, may not fit: estimate"
        }
        vscode.replace(uri, "4096", "8192")
        assert {title for _, title in await titles(vscode, uri)} == {
            "about 48.8 GiB on T4, does not fit: estimate"
        }
        vscode.configure({"codeLens": False})
        await vscode.until(
            lambda: any("lenses=False" in one.message for one in vscode.log_messages), "the setting"
        )
        assert await lenses(vscode, uri) == []
    finally:
        await vscode.unconfigure()
    assert len(await lenses(vscode, uri)) == 1


async def test_cells_have_their_own(vscode):
    book = vscode.uri("lenses.ipynb")
    texts = [MODEL, "%time model\n" + COMPILE, "\n" + FIT]
    cells = [f"vscode-notebook-cell:{book.removeprefix('file:')}#W{number}" for number in range(3)]
    for cell, text in zip(cells, texts, strict=True):
        vscode.texts[cell], vscode.versions[cell] = Lines(text, vscode.encoding), 1
    vscode.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                uri=book,
                notebook_type="jupyter-notebook",
                version=1,
                cells=[types.NotebookCell(types.NotebookCellKind.Code, cell) for cell in cells],
            ),
            [
                types.TextDocumentItem(cell, "python", 1, text)
                for cell, text in zip(cells, texts, strict=True)
            ],
        )
    )
    said = "about 3.0 GiB at batch 512: estimate"
    assert [await titles(vscode, cell) for cell in cells] == [[], [(1, said)], [(1, said)]]
    assert (await lenses(vscode, cells[1]))[0].command.arguments == (book,)


async def run(editor: Any, uri: str) -> None:
    await editor.workspace_execute_command_async(types.ExecuteCommandParams("keras-memlint.estimate", [uri]))


async def test_after_a_run_the_lens_says_what_it_found(estimating):
    (estimating.root / "run.py").write_text(RESNET, encoding="utf-8")
    uri = estimating.open("run.py", RESNET)
    ((_, before),) = await titles(estimating, uri)
    assert before.startswith("about ") and before.endswith(": estimate")
    await run(estimating, uri)
    said = "20.0 GiB on T4 (predicted by the GPU compiler), does not fit"
    assert await titles(estimating, uri) == [(4, f"{said}: estimate again")]
    estimating.change(uri, (0, 0, "# another text\n"))
    assert before in [title for _, title in await titles(estimating, uri)]


async def test_editors_that_show_reports_are_asked_to(estimating_extended):
    editor = estimating_extended
    (editor.root / "report.py").write_text(RESNET, encoding="utf-8")
    uri = editor.open("report.py", RESNET)
    await editor.marks(uri)
    editor.asked_again.clear()
    await run(editor, uri)
    await editor.until(lambda: types.WORKSPACE_CODE_LENS_REFRESH in editor.asked_again, "a refresh")
    found = [
        (lens.command.title, lens.command.command, lens.command.arguments)
        for lens in await lenses(editor, uri)
    ]
    said = "20.0 GiB on T4 (predicted by the GPU compiler), does not fit"
    assert found == [
        (said, "keras-memlint.openReport", (uri,)),
        ("estimate again", "keras-memlint.estimate", (uri,)),
    ]
