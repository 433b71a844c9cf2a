"""KM401 flatten-to-dense: Flatten makes the next Dense huge, and Adam keeps two more copies of its weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

INPUT, UNITS = (7, 7, 2048), 1024


def bad() -> Any:
    """One Adam step of the head of a ResNet50: 7 x 7 x 2048 features into Dense(1024)."""
    return _step(keras.layers.Flatten())


def good() -> Any:
    return _step(keras.layers.GlobalAveragePooling2D())


def max_pooling() -> Any:
    return _step(keras.layers.GlobalMaxPooling2D())


def facts() -> dict[str, Any]:
    flat, pooled = _model(keras.layers.Flatten()), _model(keras.layers.GlobalAveragePooling2D())
    return {
        "Flatten_parameters": flat.count_params(),
        "Flatten_parameters_by_formula": (7 * 7 * 2048 + 1) * UNITS + (UNITS + 1) * 10,
        "GlobalAveragePooling2D_parameters": pooled.count_params(),
        "GlobalAveragePooling2D_parameters_by_formula": (2048 + 1) * UNITS + (UNITS + 1) * 10,
    }


def _model(reduce: Any) -> Any:
    dense = [keras.layers.Dense(UNITS, activation="relu"), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input(INPUT), reduce, *dense])


def _step(reduce: Any) -> Any:
    model = _model(reduce)
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((16, *INPUT), "float32"), np.zeros((16, 10), "float32"))
    return model
