"""What `fit` copies of arrays, against what was measured with each generation of Keras and TensorFlow.

Peaks of anonymous memory beside arrays of 195 MiB of float32, as multiples of all arrays that were given.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.feeds import Copying, copied_by_fit
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.text.source import Source

ROWS, NUMBERS = 2000, 25600
NEAR = 0.2  # batches, and what the sampling of the peak hits


@pytest.mark.parametrize(
    ("dtypes", "held_out", "measured"),
    [
        (["float32"], 0.0, 2.04),
        (["float32"], 0.2, 1.64),
        (["float32"], 0.4, 1.46),
        (["float32", "float32"], 0.0, 2.04),
        (["float32", "float32"], 0.4, 1.45),
        (["float64"], 0.0, 1.52),
        (["float64"], 0.2, 1.32),
        (["float64"], 0.4, 1.23),
        (["float64", "float64"], 0.0, 1.52),
        (["float64", "float64"], 0.4, 1.23),
        (["int64"], 0.0, 2.04),
        (["int64"], 0.4, 1.45),
        (["uint8"], 0.0, 2.04),
    ],
)
def test_keras_3(dtypes: list[str], held_out: float, measured: float) -> None:
    assert _times(dtypes, "casts", held_out) == pytest.approx(measured, abs=NEAR)


@pytest.mark.parametrize(
    ("dtypes", "held_out", "measured"),
    [
        (["float32"], 0.0, 2.04),
        (["float32"], 0.4, 1.46),
        (["float64"], 0.0, 2.02),
        (["float64"], 0.2, 1.62),
        (["float64"], 0.4, 1.21),
        (["float64", "float64"], 0.0, 1.52),
        (["int64"], 0.0, 2.04),
    ],
)
def test_keras_2_since_tensorflow_2_13(dtypes: list[str], held_out: float, measured: float) -> None:
    assert _times(dtypes, "widens", held_out) == pytest.approx(measured, abs=NEAR)


@pytest.mark.parametrize(
    ("dtypes", "held_out", "measured"),
    [
        (["float32"], 0.0, 1.16),
        (["float32"], 0.4, 1.17),
        (["float32", "float32"], 0.0, 1.14),
        (["float64"], 0.0, 1.02),
        (["float64"], 0.4, 0.73),
        (["float64", "float64"], 0.0, 1.02),
        (["int64"], 0.0, 1.16),
    ],
)
def test_before_tensorflow_2_13(dtypes: list[str], held_out: float, measured: float) -> None:
    assert _times(dtypes, "shares", held_out) == pytest.approx(measured, abs=NEAR)


@pytest.mark.parametrize(
    ("dtype", "how", "rows", "measured"),
    [
        ("float32", "casts", 0.5, 2.12),
        ("float32", "casts", 1, 3.12),
        ("float32", "casts", 2, 5.42),
        ("float64", "casts", 0.5, 1.52),
        ("float64", "casts", 1, 2.06),
        ("float64", "casts", 2, 3.66),
        ("float64", "widens", 0.5, 2.02),
        ("float64", "widens", 2, 4.67),
        ("float32", "shares", 1, 2.32),
        ("float64", "shares", 1, 1.57),
    ],
)
def test_validation_data(dtype: str, how: Copying, rows: float, measured: float) -> None:
    """As multiples of the array that is trained on."""
    given, validated = (Array(dtype=dtype, shape=(round(ROWS * part), NUMBERS)) for part in (1, rows))
    copied = copied_by_fit([given], how, 0.0, [validated])
    assert copied is not None and given.bytes is not None
    assert copied / given.bytes == pytest.approx(measured, rel=0.15)


def _times(dtypes: list[str], how: Copying, held_out: float) -> float:
    given = [Array(dtype=dtype, shape=(ROWS, NUMBERS)) for dtype in dtypes]
    copied = copied_by_fit(given, how, held_out)
    assert copied is not None
    return copied / sum(array.bytes or 0 for array in given)


def test_nothing_known() -> None:
    assert copied_by_fit([Array(dtype="float32")]) is None


@pytest.mark.parametrize(
    ("text", "pins", "how"),
    [
        ("import keras", "", "casts"),
        ("import keras", "keras==3.4", "casts"),
        ("import tf_keras\ntf_keras.Input((2,))", "", "widens"),
        ("from keras.optimizers import Adam\nAdam(lr=0.1)", "", "widens"),
        ("import tensorflow as tf", "tensorflow==2.15", "widens"),
        ("import tensorflow as tf", "tensorflow==2.10", "shares"),
        ("import keras", "keras<2.13", "shares"),
        ("from keras.layers.core import Dense", "", "shares"),
        ("import keras\nkeras.Sequential().predict_classes(x)", "", "shares"),
        ("import keras\nkeras.Sequential().fit_generator(x)", "", "widens"),
    ],
)
def test_which_keras_copies(text: str, pins: str, how: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(pins + "\n", encoding="utf-8")
    assert analyse(Source(str(tmp_path / "train.py"), text + "\n")).copying == how
