"""KM208 prefetch-oversized: the buffer holds as many finished batches as it is told to."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

COUNT, BATCH, SIZE = 4096, 64, 64


def bad() -> None:
    """64 batches of 64 pictures of 64 × 64 pixels, 3 MiB each, wait for steps of 40 ms."""
    _train(_batches().prefetch(BATCH))


def good() -> None:
    _train(_batches().prefetch(tf.data.AUTOTUNE))


def two() -> None:
    _train(_batches().prefetch(2))


def sixteen() -> None:
    _train(_batches().prefetch(16))


def samples_before_batch() -> None:
    """As many samples, one batch in all."""
    _train(_samples().prefetch(BATCH).batch(BATCH))


def _samples() -> Any:
    return tf.data.Dataset.range(COUNT).map(lambda n: tf.fill((SIZE, SIZE, 3), tf.cast(n, tf.float32)))


def _batches() -> Any:
    return _samples().batch(BATCH)


def _train(dataset: Any) -> None:
    for _ in dataset:
        time.sleep(0.04)
