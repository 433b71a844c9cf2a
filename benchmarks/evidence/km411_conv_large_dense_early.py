"""KM411 conv-large-dense-early: each filter of the first convolution keeps an image of full size."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SIDE, BATCH = 128, 8


def bad() -> Any:
    """One step of SGD, 8 images of 128 x 128: a convolution of 128 filters, then pooling."""
    return _step(128)


def good() -> Any:
    return _step(32)


def stride_of_2() -> Any:
    return _step(128, strides=2)


def _step(filters: int, strides: int = 1) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Conv2D(filters, 3, strides=strides, padding="same", activation="relu"),
            layers.MaxPooling2D(4),
            layers.Conv2D(32, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((BATCH, SIDE, SIDE, 3), "float32"), np.zeros((BATCH, 1), "float32"))
    return model
