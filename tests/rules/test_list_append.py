"""KM101: how sure it is, what it costs, and that the array is reported once, wherever it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.sizes.settings import MIB, Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

CODES = {"KM101", "KM103", "KM104", "KM201"}
HEAD = """import os
import cv2
import keras
import numpy as np
import tensorflow as tf
model = keras.models.load_model("m.keras")
"""
FOLDER = "x = np.array([cv2.imread(name) for name in os.listdir('train')])\n"
KNOWN = "x = np.array([cv2.resize(cv2.imread(f'{i}.png'), (256, 256)) for i in range(1000)], 'float32')\n"
PIECES = """def pieces(name):
    image = cv2.imread(name)
    return [PIECE for row in range(2)]
x = []
for name in os.listdir('train'):
    for piece in pieces(name):
        x.append(piece)
x = np.array(x)
"""
PICTURE = 256 * 256 * 3


def findings(text: str, folder: Path, name: str = "train.py") -> list[Diagnostic]:
    settings = Settings(size_threshold=64 * MIB)
    report = check_source(Source(str(folder / name), HEAD + text), codes=CODES, settings=settings)
    assert not report.problems
    return report.diagnostics


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (FOLDER + "model.fit(x, y)\n", "warning"),
        (FOLDER + "model.evaluate(x, y)\nmodel.fit(x, y)\n", "warning"),
        (FOLDER + "np.save('x.npy', x)\nmodel.fit(data)\n", "warning"),
        (FOLDER + "np.save('x.npy', x)\n", "info"),
        (FOLDER + "model.predict(x)\n", "info"),
        (
            FOLDER.replace("cv2.imread(name)", "cv2.resize(cv2.imread(name), (32, 32))")
            + "model.fit(x, y)\n",
            "info",
        ),
        (FOLDER.replace("cv2.imread", "np.load") + "model.fit(x, y)\n", "info"),
        (KNOWN, "warning"),
        (PIECES.replace("PIECE", "image[row : row + 64]") + "model.fit(x, y)\n", "info"),
        (PIECES.replace("PIECE", "cv2.flip(image, row)") + "model.fit(x, y)\n", "warning"),
        ("def load():\n    " + FOLDER + "    model.fit(x, y)\nload()\n", "warning"),
        ("def load():\n    " + FOLDER + "    model.fit(x, y)\n", "info"),
    ],
)
def test_a_warning_needs_a_likely_large_data_set(text: str, severity: str, tmp_path: Path) -> None:
    assert [(d.code, d.severity) for d in findings(text, tmp_path)] == [("KM101", severity)]


def test_a_loop_that_may_break_reads_who_knows_how_many(tmp_path: Path) -> None:
    loop = "x = []\nfor name in os.listdir('train'):\n    x.append(cv2.imread(name))\n"
    end = "x = np.array(x)\nmodel.fit(x, y)\n"
    assert [d.severity for d in findings(loop + end, tmp_path)] == ["warning"]
    loop += "    if len(x) == limit:\n        break\n"
    assert [d.severity for d in findings(loop + end, tmp_path)] == ["info"]


def test_bytes_are_those_of_list_and_array(tmp_path: Path) -> None:
    (found,) = findings(KNOWN, tmp_path)
    assert found.bytes == 1000 * PICTURE * (1 + 4)


@pytest.mark.parametrize(
    "use",
    [
        "model.fit(x, y)\nmodel.predict(x)\n",
        "data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)\n",
        "a, b = x[:800], x[800:]\nmodel.fit(a, y, validation_data=(b, y))\n",
    ],
)
def test_one_array_is_one_finding(use: str, tmp_path: Path) -> None:
    (found,) = findings(KNOWN + use, tmp_path)
    assert found.code == "KM101"
    assert len(found.related) == 2  # read there, given there


def test_images_and_masks_of_one_loop_are_one_finding(tmp_path: Path) -> None:
    text = (
        "x, y = [], []\nfor name in os.listdir('train'):\n"
        "    x.append(cv2.imread('train/' + name))\n    y.append(cv2.imread('masks/' + name, 0))\n"
        "x, y = np.array(x), np.array(y)\nmodel.fit(x, y)\n"
    )
    assert [d.code for d in findings(text, tmp_path)] == ["KM101"]


def test_an_array_filled_with_rows_of_a_loaded_one_is_not_filled_from_files(tmp_path: Path) -> None:
    text = (
        "table = np.load('x.npy')\nx = np.zeros((1000, 256, 256, 3), 'float32')\n"
        "for i in range(1000):\n    x[i] = table[i]\nmodel.fit(x, y)\n"
    )
    assert [d.code for d in findings(text, tmp_path)] == ["KM103"]


def test_test_files_are_of_no_concern(tmp_path: Path) -> None:
    assert findings(KNOWN + "import pytest\n", tmp_path, "test_train.py") == []


def test_other_arrays_of_one_function_are_listed_beside_the_first(tmp_path: Path) -> None:
    read = "{} = np.array([cv2.imread(name) for name in os.listdir('{}')])\n"
    text = read.format("x", "train") + read.format("y", "val") + "model.fit(x, a, validation_data=(y, b))\n"
    (found,) = findings(text, tmp_path)
    assert [(one.message, one.location.row) for one in found.related][-1] == ("the same happens here", 8)


def test_old_keras_is_told_of_generators(tmp_path: Path) -> None:
    (found,) = findings(FOLDER + "model.fit(x, y, nb_epoch=2)\n", tmp_path)
    assert found.help is not None
    assert "flow_from_directory" in found.help
    assert "tf.data" not in found.help
