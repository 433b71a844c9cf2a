"""KM201 from-tensor-slices-large-array: the array is copied, twice for a moment, once for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pictures
import tensorflow as tf
from PIL import Image

COUNT, SIZE = 1000, 128


def prepare(folder: Path) -> list[str]:
    return pictures.write(folder, COUNT, SIZE)


def bad(paths: list[str]) -> Any:
    """A float32 array of 188 MiB, which is forgotten; the dataset is kept."""
    return _read(tf.data.Dataset.from_tensor_slices(_array(paths, "float32")))


def uint8_cast_in_map(paths: list[str]) -> Any:
    """The same pictures as uint8, 47 MiB, widened element by element."""
    dataset = tf.data.Dataset.from_tensor_slices(_array(paths, "uint8"))
    return _read(dataset.map(lambda image: tf.cast(image, "float32"), num_parallel_calls=tf.data.AUTOTUNE))


def good(paths: list[str]) -> Any:
    """Only the paths are in the dataset."""

    def read(path: Any) -> Any:
        return tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32")

    return _read(tf.data.Dataset.from_tensor_slices(paths).map(read, num_parallel_calls=tf.data.AUTOTUNE))


def _array(paths: list[str], dtype: str) -> Any:
    images = np.empty((COUNT, SIZE, SIZE, 3), dtype)
    for number, path in enumerate(paths):
        images[number] = Image.open(path)
    return images


def _read(dataset: Any) -> Any:
    for _ in dataset.batch(32).prefetch(tf.data.AUTOTUNE):
        pass
    return dataset
