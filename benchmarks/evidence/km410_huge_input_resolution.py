"""KM410 huge-input-resolution: twice the side, four times the memory."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


def bad() -> Any:
    """One step of SGD of two convolutions of 8 filters and a smaller rest, 2 images of 1,024 x 1,024."""
    return _step(1024)


def good() -> Any:
    return _step(512)


def stride_in_the_first_layer() -> Any:
    return _step(1024, strides=2)


def _step(side: int, strides: int = 1) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(8, 3, strides=strides, padding="same", activation="relu"),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(4),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((2, side, side, 3), "float32"), np.zeros((2, 1), "float32"))
    return model
