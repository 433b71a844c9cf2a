"""KM101 list-append-then-array: the list and the array made from it coexist, and both are float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pictures
import tensorflow as tf
from PIL import Image

COUNT, SIZE = 1000, 128


def prepare(folder: Path) -> list[str]:
    return pictures.write(folder, COUNT, SIZE)


def bad(paths: list[str]) -> None:
    x = list_then_array(paths)
    _model().fit(x, np.zeros(COUNT, "float32"), batch_size=32, verbose=0)


def list_then_array(paths: list[str]) -> Any:
    """Without the training."""
    images = []
    for path in paths:
        images.append(np.array(Image.open(path)) / 255.0)
    return np.array(images)


def list_of_uint8_then_array(paths: list[str]) -> Any:
    return np.array([np.array(Image.open(path)) for path in paths])


def preallocated_uint8(paths: list[str]) -> Any:
    images = np.empty((COUNT, SIZE, SIZE, 3), "uint8")
    for number, path in enumerate(paths):
        images[number] = Image.open(path)
    return images


def good(paths: list[str]) -> None:
    def read(path: Any, label: Any) -> Any:
        return tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32") / 255.0, label

    data = tf.data.Dataset.from_tensor_slices((paths, np.zeros(COUNT, "float32")))
    data = data.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(32).prefetch(tf.data.AUTOTUNE)
    _model().fit(data, verbose=0)


def _model() -> Any:
    pool = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input((None, None, 3)), pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
