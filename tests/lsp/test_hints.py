"""Inlay hints: bytes of arrays where they are made, what layers give and cost."""

from __future__ import annotations

from typing import Any

import pytest
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

pytestmark = pytest.mark.asyncio(loop_scope="module")

ARRAYS = """\
import keras
import numpy as np

x = np.zeros((10000, 224, 224, 3))  # all of them
x = x.astype("float32") / 255.0
y = np.zeros(10)
"""
MODEL = """\
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((224, 224, 3)),
    layers.Conv2D(32, 3, activation="relu"),
    layers.GlobalAveragePooling2D(), layers.Dense(10),
])
model.add(layers.Dense(
    5,
))
"""
CONV = "6.0 MiB a sample · (None, 222, 222, 32) · 896 params"
POOL, DENSE = "128 bytes a sample · (None, 32)", "40 bytes a sample · (None, 10) · 330 params"
LAST = "20 bytes a sample · (None, 5) · 55 params"


async def hints(editor: Any, uri: str, start: int = 0, end: int | None = None) -> list[types.InlayHint]:
    """Those between two offsets of the text."""
    lines = editor.texts[uri]
    answer = await editor.text_document_inlay_hint_async(
        types.InlayHintParams(
            types.TextDocumentIdentifier(uri),
            lines.range(start, len(lines.text) if end is None else end),
        )
    )
    return list(answer)


async def shown(editor: Any, uri: str) -> list[str]:
    """The code before each hint in its line, and the hint."""
    lines = editor.texts[uri]
    found = []
    for hint in await hints(editor, uri):
        assert hint.padding_left and hint.tooltip.kind == types.MarkupKind.Markdown
        offset = lines.offset(hint.position)
        before = lines.text[lines.line_span(lines.row(offset))[0] : offset].strip()
        found.append(f"{before} | {hint.label}")
    return found


async def test_arrays_where_they_are_made(hinting):
    uri = hinting.open("arrays.py", ARRAYS)
    assert await shown(hinting, uri) == [
        "x = np.zeros((10000, 224, 224, 3)) | 11.2 GiB float64",
        'x = x.astype("float32") / 255.0 | 5.6 GiB float32',
    ]
    first, _ = await hints(hinting, uri)
    assert first.tooltip.value == "- shape `(10000, 224, 224, 3)` of float64\n- 12,042,240,000 bytes"


async def test_layers_of_a_model(hinting):
    uri = hinting.open("layers.py", MODEL)
    assert await shown(hinting, uri) == [
        f'layers.Conv2D(32, 3, activation="relu"), | {CONV}',
        f"layers.GlobalAveragePooling2D() | {POOL}",
        f"layers.GlobalAveragePooling2D(), layers.Dense(10) | {DENSE}",
        f")) | {LAST}",
    ]


async def test_a_training_tells_the_batch_and_the_optimizer(hinting):
    text = MODEL + 'model.compile("adam", "mse")\nmodel.fit(x, y, batch_size=16)\n'
    conv = (await hints(hinting, hinting.open("batch.py", text)))[0]
    assert conv.label == "96.3 MiB · (None, 222, 222, 32) · 896 params"
    assert conv.tooltip.value.split("\n") == [
        "**Conv2D**",
        "",
        "- parameters: 896, 3.5 KiB as float32",
        "- their gradients: 3.5 KiB",
        "- optimizer: 7.0 KiB, 2 for each parameter",
        "- kept for the backward pass: 6.0 MiB a sample, 96.3 MiB at batch 16, 4 bytes a number",
    ]
    text += "model.fit(x, y, batch_size=8)\n"
    assert (await hints(hinting, hinting.open("batches.py", text)))[0].label == CONV


async def test_functional_calls(hinting):
    text = """\
import keras
from keras import layers

inputs = keras.Input((28, 28, 1))
x = layers.Flatten()(inputs)
x = layers.Dense(100)(x)  # hidden
model = keras.Model(inputs, x)
"""
    assert await shown(hinting, hinting.open("functional.py", text)) == [
        "x = layers.Flatten()(inputs) | (None, 784)",
        "x = layers.Dense(100)(x) | 400 bytes a sample · (None, 100) · 78,500 params",
    ]


async def test_unknown_sizes_stay_silent(hinting):
    text = """\
import keras
import numpy as np
from keras import layers

a = np.zeros((count, 224, 224, 3))
b = np.load("unknown.npy")
view = np.zeros((1000, 1000)).reshape(-1)
for size in (1000, 2000):
    c = np.zeros((size, 1000))
a += 1
model = keras.Sequential([layers.Conv2D(64, 3), layers.Dropout(0.5)])
for width in (10, 20):
    model.add(layers.Dense(width))
text = keras.Sequential([keras.Input((None,)), layers.Embedding(1000, 16)])
"""
    assert await shown(hinting, hinting.open("silent.py", text)) == [
        "view = np.zeros((1000, 1000)) | 7.6 MiB float64",
        # The length of a text is not known: neither the shape nor the bytes.
        "text = keras.Sequential([keras.Input((None,)), layers.Embedding(1000, 16)]) | 16,000 params",
    ]


async def test_only_what_is_asked_for(hinting):
    uri = hinting.open("range.py", ARRAYS)
    second = ARRAYS.index("x = x.astype")
    assert [hint.label for hint in await hints(hinting, uri, second)] == ["5.6 GiB float32"]
    assert [hint.label for hint in await hints(hinting, uri, 0, second)] == ["11.2 GiB float64"]
    assert await hints(hinting, uri, 0, 10) == []


async def test_half_typed_code_hides_only_itself(hinting):
    uri = hinting.open("half.py", MODEL)
    hinting.change(uri, (len(MODEL), len(MODEL), "x = np.zeros((1000, "))
    assert len(await hints(hinting, uri)) == 4
    hinting.replace(uri, "layers.Conv2D(32, 3, ", "layers.Conv2D(32, 3, ,")
    assert await shown(hinting, uri) == []
    hinting.replace(uri, "(32, 3, ,", "(32, 3, ")
    assert len(await hints(hinting, uri)) == 4


async def test_places_count_as_the_editor_does(hinting):
    line = "'😀'; x = np.zeros((1024, 1024))"
    uri = hinting.open("wide.py", f"import keras\nimport numpy as np\n{line}\n")
    (hint,) = await hints(hinting, uri)
    assert (hint.position.line, hint.position.character) == (2, len(line) + 1)
    assert hint.label == "8.0 MiB float64"


async def test_cells_have_their_own(hinting):
    book = hinting.uri("hints.ipynb")
    texts = [MODEL, ARRAYS.partition("\n")[2], "%time np\n" + ARRAYS.partition("\n\n")[2]]
    cells = [f"hinting-notebook-cell:{book.removeprefix('file:')}#W{number}" for number in range(3)]
    for cell, text in zip(cells, texts, strict=True):
        hinting.texts[cell], hinting.versions[cell] = Lines(text, hinting.encoding), 1
    kinds = [types.NotebookCell(types.NotebookCellKind.Code, cell) for cell in cells]
    hinting.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(book, "jupyter-notebook", 1, kinds),
            [
                types.TextDocumentItem(cell, "python", 1, text)
                for cell, text in zip(cells, texts, strict=True)
            ],
        )
    )
    rows = [[hint.position.line for hint in await hints(hinting, cell)] for cell in cells]
    assert rows == [[5, 6, 6, 10], [2, 3], [1, 2]]


async def test_each_kind_can_be_switched_off(hinting):
    uri = hinting.open("off.py", ARRAYS + MODEL)
    assert len(await hints(hinting, uri)) == 6
    try:
        hinting.configure({"inlayHints": {"arrays": False}})
        await hinting.until(
            lambda: any("array_hints=False" in one.message for one in hinting.log_messages), "the setting"
        )
        assert [hint.label for hint in await hints(hinting, uri)] == [CONV, POOL, DENSE, LAST]
        hinting.configure({"inlayHints": {"layers": False}})
        await hinting.until(
            lambda: any("layer_hints=False" in one.message for one in hinting.log_messages), "the setting"
        )
        assert [hint.label for hint in await hints(hinting, uri)] == ["11.2 GiB float64", "5.6 GiB float32"]
    finally:
        await hinting.unconfigure()


async def test_editors_are_told_to_ask_again_when_settings_change(estimating_extended):
    editor = estimating_extended
    uri = editor.open("refresh.py", ARRAYS)
    await editor.marks(uri)
    editor.asked_again.clear()
    try:
        editor.configure({"inlayHints": {"arrays": False}})
        await editor.until(
            lambda: (
                {types.WORKSPACE_INLAY_HINT_REFRESH, types.WORKSPACE_CODE_LENS_REFRESH}
                <= set(editor.asked_again)
            ),
            "to be asked again",
        )
    finally:
        await editor.unconfigure()


async def test_texts_that_are_not_python_have_none(hinting):
    assert await hints(hinting, hinting.open("notes.md", ARRAYS, language="markdown")) == []
