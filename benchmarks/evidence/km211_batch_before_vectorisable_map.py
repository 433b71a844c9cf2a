"""KM211 batch-before-vectorisable-map: a function called once a sample costs a call each, on a batch one for all."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

RATIO_OF = "seconds"
CALLS = 3
COUNT, BATCH = 40_000, 256


def bad() -> None:
    """40,000 samples of 28 × 28 numbers are scaled one by one."""
    _read(_samples().map(_scale).batch(BATCH))


def good() -> None:
    _read(_samples().batch(BATCH).map(_scale))


def parallel() -> None:
    """One by one, `num_parallel_calls=AUTOTUNE`."""
    _read(_samples().map(_scale, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH))


def pictures() -> None:
    """1,000 samples of 128 × 128 × 3 numbers one by one."""
    _read(_pictures().map(_scale).batch(32))


def pictures_batched() -> None:
    _read(_pictures().batch(32).map(_scale))


def facts() -> dict[str, Any]:
    numbers = np.random.default_rng(0).integers(0, 256, (1000, 28, 28), dtype="uint8")
    source = tf.data.Dataset.from_tensor_slices((numbers, numbers[:, 0, 0]))
    one, all_ = source.map(_scale).batch(64), source.batch(64).map(_scale)
    pairs = zip(one, all_, strict=True)
    return {
        "values_that_differ": sum(int(np.sum(a[0].numpy() != b[0].numpy())) for a, b in pairs),
    }


def _samples() -> Any:
    return tf.data.Dataset.from_tensor_slices((np.zeros((COUNT, 28, 28), "uint8"), np.zeros(COUNT, "int64")))


def _pictures() -> Any:
    return tf.data.Dataset.from_tensor_slices(
        (np.zeros((1000, 128, 128, 3), "uint8"), np.zeros(1000, "int64"))
    )


def _scale(image: Any, label: Any) -> Any:
    return tf.cast(image, tf.float32) / 255.0, label


def _read(dataset: Any) -> None:
    for _ in dataset:
        pass
