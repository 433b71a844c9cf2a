"""KM204 shuffle-after-batch: a buffer after batch counts batches, each of them many samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pictures
import tensorflow as tf

COUNT, SIZE = 2000, 128


def prepare(folder: Path) -> Any:
    return tf.data.Dataset.from_tensor_slices(pictures.write(folder, COUNT, SIZE))


def bad(paths: Any) -> None:
    """50 batches of 32 wait in the buffer: 300 MiB."""
    for _ in paths.map(_decode).batch(32).shuffle(50).prefetch(2):
        pass


def good(paths: Any) -> None:
    """50 samples wait in the buffer."""
    for _ in paths.map(_decode).shuffle(50).batch(32).prefetch(2):
        pass


def facts(_: Any) -> dict[str, Any]:
    batches = [list(map(int, batch)) for batch in tf.data.Dataset.range(64).batch(8).shuffle(8, seed=1)]
    return {
        "samples_of_a_batch_stay_together": all(b == list(range(b[0], b[0] + 8)) for b in batches),
        "order_of_batches_changes": [batch[0] for batch in batches] != list(range(0, 64, 8)),
    }


def _decode(path: Any) -> Any:
    return tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32") / 255.0
