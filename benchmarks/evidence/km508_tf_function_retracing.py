"""KM508 tf-function-retracing: a graph function is traced anew for each Python number, and every trace is kept."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

CALLS_MADE = 100


def bad() -> Any:
    """100 training steps of three dense layers, each with its number as a Python int."""
    step = _step()
    for at in range(CALLS_MADE):
        step(_batch(), at)
    return step


def good() -> Any:
    """The number as a tensor."""
    step = _step()
    for at in range(CALLS_MADE):
        step(_batch(), tf.constant(at))
    return step


def made_in_the_loop() -> Any:
    """The function is defined in each turn, and dropped."""
    model, optimizer = _model()
    for at in range(CALLS_MADE):
        _step(model, optimizer)(_batch(), tf.constant(at))
    return model


def every_length() -> Any:
    """Batches of 100 different lengths."""
    step = _step()
    for at in range(CALLS_MADE):
        step(_batch(at + 1), tf.constant(at))
    return step


def every_length_reduce_retracing() -> Any:
    step = _step(reduce_retracing=True)
    for at in range(CALLS_MADE):
        step(_batch(at + 1), tf.constant(at))
    return step


def facts() -> dict[str, Any]:
    whole = tf.TensorSpec([], tf.int32)
    return {
        "traces_of_5_python_ints": _traces(range(5)),
        "traces_of_5_python_floats": _traces([0.1 * at for at in range(5)]),
        "traces_of_5_strings": _traces([str(at) for at in range(5)]),
        "traces_of_True_and_False_five_times": _traces([True, False] * 5),
        "traces_of_5_tensors": _traces([tf.constant(at) for at in range(5)]),
        "traces_of_5_numpy_scalars": _traces([np.int64(at) for at in range(5)]),
        "traces_of_5_ints_with_reduce_retracing": _traces(range(5), reduce_retracing=True),
        "traces_of_5_ints_with_input_signature": _traces(range(5), input_signature=[whole]),
        "traces_of_5_lambdas": _traces([lambda: 1 for _ in range(5)]),
        "traces_of_5_lengths": _traces([tf.zeros(at) for at in range(5)]),
        "traces_of_5_lengths_with_reduce_retracing": _traces(
            [tf.zeros(at) for at in range(5)], reduce_retracing=True
        ),
    }


def _traces(values: Any, **options: Any) -> int:
    seen = []

    @tf.function(**options)
    def function(value: Any) -> Any:
        seen.append(value)
        return 0

    for value in values:
        function(value)
    return len(seen)


def _batch(rows: int = 8) -> Any:
    return tf.ones((rows, 16))


def _model() -> Any:
    layers = [keras.layers.Dense(16, activation="relu") for _ in range(3)]
    model = keras.Sequential([keras.Input((16,)), *layers])
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    return model, optimizer


def _step(model: Any = None, optimizer: Any = None, **options: Any) -> Any:
    if model is None:
        model, optimizer = _model()

    @tf.function(**options)
    def step(x: Any, number: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x)) * tf.cast(number, "float32")
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step
