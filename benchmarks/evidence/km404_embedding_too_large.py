"""KM404 embedding-too-large: the optimizer's slots are as large as the table, however few rows a batch uses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

ROWS, WIDTH = 300_000, 64


def bad() -> Any:
    """One step of Adam on a table of 300,000 x 64 numbers (73 MiB), a batch of 32 x 10 ids."""
    return _step(ROWS, "adam")


def good() -> Any:
    """The same with ids hashed into 20,000 rows."""
    return _step(20_000, "adam")


def sgd() -> Any:
    return _step(ROWS, "sgd")


def adagrad() -> Any:
    return _step(ROWS, "adagrad")


def lion() -> Any:
    return _step(ROWS, "lion")


def frozen_adam() -> Any:
    return _step(ROWS, "adam", trainable=False)


def adam_tf_keras() -> Any:
    import tf_keras

    return _step(ROWS, "adam", library=tf_keras)


def _step(rows: int, optimizer: str, library: Any = keras, **options: Any) -> Any:
    layers = library.layers
    model = library.Sequential(
        [layers.Embedding(rows, WIDTH, **options), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    )
    model.compile(optimizer, "mse")
    model.train_on_batch(np.ones((32, 10), "int32"), np.zeros((32, 1), "float32"))
    return model
