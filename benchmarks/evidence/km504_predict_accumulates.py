"""KM504 predict-accumulates: predict keeps all outputs twice for a moment; a loop keeps what is used of them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

ROWS, SIZE, CLASSES = 256, 64, 24


def prepare(_folder: Any) -> Any:
    return np.random.default_rng(0).random((ROWS, SIZE, SIZE, 1), dtype="float32")


def bad(x: Any) -> Any:
    """The class of each pixel of 256 images of 64 x 64 pixels, from 24 probabilities each (96 MiB)."""
    return np.argmax(_model(keras).predict(x, verbose=0), axis=-1).astype("uint8")


def good(x: Any) -> Any:
    """Batch by batch."""
    model, classes = _model(keras), np.empty((ROWS, SIZE, SIZE), "uint8")
    for start in range(0, ROWS, 32):
        part = slice(start, start + 32)
        classes[part] = np.argmax(model.predict_on_batch(x[part]), axis=-1)
    return classes


def bad_tf_keras(x: Any) -> Any:
    import tf_keras

    return np.argmax(_model(tf_keras).predict(x, verbose=0), axis=-1).astype("uint8")


def good_tf_keras(x: Any) -> Any:
    import tf_keras

    model, classes = _model(tf_keras), np.empty((ROWS, SIZE, SIZE), "uint8")
    for start in range(0, ROWS, 32):
        part = slice(start, start + 32)
        classes[part] = np.argmax(model.predict_on_batch(x[part]), axis=-1)
    return classes


def facts(x: Any) -> dict[str, Any]:
    keras.utils.set_random_seed(0)
    model = _model(keras)
    whole = model.predict(x[:64], verbose=0)
    parts = np.concatenate([model.predict_on_batch(x[at : at + 32]) for at in (0, 32)])
    return {
        "outputs_in_bytes": ROWS * SIZE * SIZE * CLASSES * 4,
        "largest_difference_of_a_loop_of_32": float(np.abs(whole - parts).max()),
    }


def _model(library: Any) -> Any:
    layers = [library.layers.Conv2D(CLASSES, 3, padding="same"), library.layers.Softmax()]
    return library.Sequential([library.Input((SIZE, SIZE, 1)), *layers])
