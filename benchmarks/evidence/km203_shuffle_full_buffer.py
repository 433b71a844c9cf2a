"""KM203 shuffle-full-buffer: a buffer as long as the data set holds all of it once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pictures
import tensorflow as tf

COUNT, SIZE = 1500, 128


def prepare(folder: Path) -> Any:
    return tf.data.Dataset.from_tensor_slices(pictures.write(folder, COUNT, SIZE))


def bad(paths: Any) -> None:
    _read(paths.map(_decode).shuffle(COUNT))


def short_buffer(paths: Any) -> None:
    _read(paths.map(_decode).shuffle(100))


def good(paths: Any) -> None:
    """A full shuffle of the paths."""
    _read(paths.shuffle(COUNT).map(_decode))


def small_elements(_: Any) -> None:
    """200,000 single numbers, 0.8 MiB of data, in a full buffer."""
    for _batch in tf.data.Dataset.range(200_000, output_type=tf.int32).shuffle(200_000).batch(1000):
        pass


def _decode(path: Any) -> Any:
    return tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32") / 255.0


def _read(decoded: Any) -> None:
    for _ in decoded.batch(32).prefetch(2):
        pass
