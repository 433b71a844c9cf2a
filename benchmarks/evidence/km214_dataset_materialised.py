"""KM214 dataset-materialised: a pipeline streams batches, a list or an array of them all holds them all."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

COUNT, SIZE = 2000, 64


def bad() -> Any:
    """2,000 pictures of 64 × 64 float32 pixels, 94 MiB, joined into one array."""
    return np.concatenate([image for image, _ in _batches()])


def good() -> Any:
    """Batch by batch, as `fit` and `evaluate` take them."""
    total = 0.0
    for image, _ in _batches():
        total += float(tf.reduce_sum(image))
    return total


def list_of_batches() -> Any:
    return list(_batches())


def list_of_numpy() -> Any:
    return list(_batches().as_numpy_iterator())


def appended_then_array() -> Any:
    images = []
    for image, _ in _batches().unbatch():
        images.append(image.numpy())
    return np.array(images)


def one_batch() -> Any:
    """`next(iter(ds.batch(count)))`."""
    return next(iter(_samples().batch(COUNT)))


def labels_alone() -> Any:
    return np.concatenate([label for _, label in _batches()])


def _samples() -> Any:
    return tf.data.Dataset.range(COUNT).map(lambda n: (tf.fill((SIZE, SIZE, 3), tf.cast(n, tf.float32)), n))


def _batches() -> Any:
    return _samples().batch(32)
