"""KM503 full-batch-call: calling a model on a whole data set computes every layer for all rows at once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

ROWS, SIZE = 192, 96


def prepare(_folder: Any) -> Any:
    return np.random.default_rng(0).random((ROWS, SIZE, SIZE, 3), dtype="float32")


def bad(x: Any) -> Any:
    """Four convolutions of 16 channels on 192 images of 96 x 96 pixels."""
    return _model(keras)(x)


def good(x: Any) -> Any:
    return _model(keras).predict(x, batch_size=32, verbose=0)


def predict_on_batch(x: Any) -> Any:
    return _model(keras).predict_on_batch(x)


def under_a_tape(x: Any) -> Any:
    model = _model(keras)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    return tape.gradient(loss, model.trainable_variables)


def under_a_tape_in_batches(x: Any) -> Any:
    """The mean of the gradients of six batches of 32."""
    model = _model(keras)
    total: Any = None
    for start in range(0, ROWS, 32):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x[start : start + 32])) * 32 / ROWS
        gradients = tape.gradient(loss, model.trainable_variables)
        total = gradients if total is None else [a + b for a, b in zip(total, gradients, strict=True)]
    return total


def train_on_batch(x: Any) -> None:
    model = _model(keras)
    model.compile("sgd", "mse")
    model.train_on_batch(x, np.zeros((ROWS, 10), "float32"))


def bad_tf_keras(x: Any) -> Any:
    import tf_keras

    return _model(tf_keras)(x)


def good_tf_keras(x: Any) -> Any:
    import tf_keras

    return _model(tf_keras).predict(x, batch_size=32, verbose=0)


def facts(x: Any) -> dict[str, Any]:
    model = _model(keras)
    whole, batched = model(x[:64]), model.predict(x[:64], batch_size=32, verbose=0)
    on_batch = model.predict_on_batch(x[:64])
    return {
        "one_layer_output_of_all_rows_in_bytes": ROWS * SIZE * SIZE * 16 * 4,
        "calling_the_model_returns": type(whole).__name__,
        "predict_returns": type(batched).__name__,
        "predict_on_batch_returns": type(on_batch).__name__,
        "predict_and_call_largest_difference": float(np.abs(np.array(whole) - batched).max()),
        "predict_and_predict_on_batch_largest_difference": float(np.abs(on_batch - batched).max()),
    }


def _model(library: Any) -> Any:
    convolutions = [library.layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(4)]
    head = [library.layers.GlobalAveragePooling2D(), library.layers.Dense(10)]
    return library.Sequential([library.Input((SIZE, SIZE, 3)), *convolutions, *head])
