"""KM501 batch-size-too-large: activations grow with the batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import error_of

SIZE = 96


def bad() -> None:
    """One update of four convolutions, batch 64, 96 x 96 pixels."""
    _fit(batch=64, keras_optimizer=keras.optimizers.SGD(0.1))


def good() -> None:
    """The same update from four batches of 16."""
    _fit(batch=16, keras_optimizer=keras.optimizers.SGD(0.1, gradient_accumulation_steps=4))


def batch_32() -> None:
    _fit(batch=32, keras_optimizer=keras.optimizers.SGD(0.1))


def batch_8() -> None:
    _fit(batch=8, keras_optimizer=keras.optimizers.SGD(0.1))


def facts() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for make in (keras.optimizers.SGD, keras.optimizers.Adam):
        whole, split = _trained(make(0.01), 64), _trained(make(0.01, gradient_accumulation_steps=4), 16)
        name = make.__name__
        found[f"{name}_largest_weight_difference_after_one_update"] = _distance(whole, split)
        found[f"{name}_largest_weight_change_of_that_update"] = _distance(whole, _trained(make(0.0), 64))
    whole = _trained(keras.optimizers.SGD(0.01), 64, normalise=True)
    split = _trained(keras.optimizers.SGD(0.01, gradient_accumulation_steps=4), 16, normalise=True)
    found["SGD_with_BatchNormalization_largest_weight_difference"] = _distance(whole, split)
    slots = {
        name: len(_built(keras.optimizers.Adam(**options)).variables)
        for name, options in (("plain", {}), ("accumulating", {"gradient_accumulation_steps": 2}))
    }
    import tf_keras

    return {
        **found,
        "Adam_variables_plain_and_accumulating": f"{slots['plain']} and {slots['accumulating']}",
        "gradient_accumulation_steps_1": error_of(lambda: _adam(1)),
        "gradient_accumulation_steps_0": error_of(lambda: _adam(0)),
        "gradient_accumulation_steps_2": error_of(lambda: _adam(2)),
        "gradient_accumulation_steps_tf_keras": error_of(
            lambda: tf_keras.optimizers.Adam(gradient_accumulation_steps=2)
        ),
        "updates_of_8_batches_with_4_steps": _updates(8),
        "updates_of_6_batches_with_4_steps": _updates(6),
        "iterations_of_8_batches_with_4_steps": _iterations(8),
    }


def _fit(batch: int, keras_optimizer: Any) -> None:
    convolutions = [keras.layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(4)]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), *convolutions, *head])
    model.compile(keras_optimizer, "mse")
    x = np.random.default_rng(0).random((64, SIZE, SIZE, 3), dtype="float32")
    for start in range(0, 64, batch):
        model.train_on_batch(x[start : start + batch], np.zeros((batch, 1), "float32"))


def _trained(optimizer: Any, batch: int, normalise: bool = False) -> list[Any]:
    """Trainable weights after one pass over 64 samples."""
    keras.utils.set_random_seed(0)
    middle = [keras.layers.BatchNormalization()] if normalise else []
    layers = [keras.layers.Conv2D(4, 3), *middle, keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((12, 12, 3)), *layers])
    model.compile(optimizer, "mse")
    x = np.random.default_rng(0).random((64, 12, 12, 3), dtype="float32")
    model.fit(x, x.mean((1, 2, 3)), batch_size=batch, shuffle=False, verbose=0)
    return [np.array(weight) for weight in model.trainable_weights]


def _distance(a: list[Any], b: list[Any]) -> float:
    return float(max(np.abs(left - right).max() for left, right in zip(a, b, strict=True)))


def _adam(steps: int) -> Any:
    return keras.optimizers.Adam(gradient_accumulation_steps=steps)


def _built(optimizer: Any) -> Any:
    optimizer.build([keras.Variable(np.zeros(3, "float32"))])
    return optimizer


def _updates(batches: int) -> int:
    """How often the weight of y = w x changed."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=4), "mse")
    seen = [float(model.get_weights()[0][0, 0])]
    for _ in range(batches):
        model.train_on_batch(np.ones((2, 1), "float32"), np.full((2, 1), 9.0, "float32"))
        seen.append(float(model.get_weights()[0][0, 0]))
    return len(set(seen)) - 1


def _iterations(batches: int) -> int:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=4), "mse")
    for _ in range(batches):
        model.train_on_batch(np.ones((2, 1), "float32"), np.ones((2, 1), "float32"))
    return int(model.optimizer.iterations)
