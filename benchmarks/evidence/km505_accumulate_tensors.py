"""KM505 accumulate-tensors: a list of outputs holds them all; scalars hardly count; a graph's tensor has no value."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

TURNS, BATCH, SIZE = 40, 16, 64


def bad() -> Any:
    """The outputs of one convolution, 4 MiB a turn, kept for 40 turns."""
    model, kept = _model(), []
    for _ in range(TURNS):
        kept.append(model(_batch()))
    return kept


def good() -> Any:
    """Their means over the pixels."""
    model, kept = _model(), []
    for _ in range(TURNS):
        kept.append(tf.reduce_mean(model(_batch()), (1, 2)).numpy())
    return kept


def as_arrays() -> Any:
    """On a CPU `.numpy()` shares the tensor's memory."""
    model, kept = _model(), []
    for _ in range(TURNS):
        kept.append(model(_batch()).numpy())
    return kept


def scalars() -> Any:
    """2,000 losses."""
    return [tf.constant(1.0) * at for at in range(2_000)]


def scalars_as_floats() -> Any:
    return [float(tf.constant(1.0) * at) for at in range(2_000)]


def facts() -> dict[str, Any]:
    kept: list[Any] = []

    @tf.function
    def step(x: Any) -> Any:
        y = x * 2
        kept.append(y)
        return y

    for _ in range(5):
        step(tf.constant(1.0))
    return {"appended_by_5_calls_of_a_graph": len(kept), "has_a_value": _has_value(kept[0])}


def _has_value(tensor: Any) -> bool:
    try:
        return bool(np.isfinite(tensor.numpy()))
    except (AttributeError, NotImplementedError):
        return False


def _batch() -> Any:
    return tf.zeros((BATCH, SIZE, SIZE, 3))


def _model() -> Any:
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), keras.layers.Conv2D(16, 3, padding="same")])
