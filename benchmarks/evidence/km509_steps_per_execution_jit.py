"""KM509 steps-per-execution-jit: XLA's programs for a step take memory of their own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

STEPS = 32


def bad() -> None:
    """`jit_compile=True`, a batch of 64 images of 64 by 64."""
    _fit(jit_compile=True)


def good() -> None:
    """`jit_compile=False`, one step an execution."""
    _fit()


def steps_per_execution() -> None:
    """`steps_per_execution=100`, `jit_compile=False`."""
    _fit(steps_per_execution=100)


def _fit(**options: Any) -> None:
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ]
    )
    options.setdefault("jit_compile", False)
    model.compile("sgd", "mse", **options)
    x = np.zeros((64, 64, 64, 3), "float32")
    import tensorflow as tf

    pairs = tf.data.Dataset.from_tensors((x, x[:, 0, 0, :1])).repeat(STEPS)
    model.fit(pairs, epochs=1, verbose=0)
