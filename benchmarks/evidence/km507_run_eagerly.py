"""KM507 run-eagerly: a training step outside a graph keeps more at once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

BATCH, SIZE = 16, 96


def bad() -> None:
    """Two epochs of four convolutions with batch normalisation, batch 16."""
    _fit(keras, run_eagerly=True)


def good() -> None:
    _fit(keras)


def bad_tf_keras() -> None:
    import tf_keras

    _fit(tf_keras, run_eagerly=True)


def good_tf_keras() -> None:
    import tf_keras

    _fit(tf_keras)


def facts() -> dict[str, Any]:
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return {"run_functions_eagerly_makes_a_model_eager": bool(_sees_values(model))}


def _sees_values(model: Any) -> bool:
    seen = []
    model.loss = None

    def loss(y: Any, p: Any) -> Any:
        seen.append(hasattr(p, "numpy"))
        return keras.ops.mean((y - p) ** 2)

    model.compile("sgd", loss)
    model.fit(np.zeros((8, 4)), np.zeros((8, 1)), verbose=0)
    return all(seen)


def _fit(library: Any, **options: Any) -> None:
    layers: list[Any] = []
    for _ in range(4):
        layers += [library.layers.Conv2D(32, 3, padding="same"), library.layers.BatchNormalization()]
        layers += [library.layers.Activation("relu")]
    head = [library.layers.GlobalAveragePooling2D(), library.layers.Dense(1)]
    model = library.Sequential([library.Input((SIZE, SIZE, 3)), *layers, *head])
    model.compile("sgd", "mse", **options)
    x = np.zeros((BATCH, SIZE, SIZE, 3), "float32")
    model.fit(x, np.zeros((BATCH, 1), "float32"), batch_size=BATCH, epochs=2, verbose=0)
