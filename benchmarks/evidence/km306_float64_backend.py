"""KM306 float64-backend: eight bytes a number instead of four, in weights, optimizer and activations."""

from __future__ import annotations

from typing import Any

import fresh
import keras
import numpy as np

# `set_floatx` counts until the first layer is made; the warm-up of a measurement has made one.
LAYER = "layer = keras.layers.Dense(1); layer.build((1, 1)); print(layer.kernel.dtype)"
SET = "keras.config.set_floatx('float64'); "
IN_TURN = {
    "weights_after_set_floatx": "import keras; " + SET + LAYER,
    "weights_after_set_floatx_when_a_layer_was_made_before": "import keras; keras.layers.Dense(1); "
    + SET
    + LAYER,
    "weights_after_set_floatx_tf_keras": "import tf_keras as keras; "
    + SET.replace("config", "backend")
    + LAYER.replace("kernel.dtype", "kernel.dtype.name"),
}


def _use(floatx: str) -> None:
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)


def bad() -> Any:
    """One step of Adam on four convolutions and a dense layer of 4 million weights, batch 16, float64."""
    return _step("float64")


def good() -> Any:
    return _step("float32")


def facts() -> dict[str, Any]:
    found = {}
    for floatx in ("float32", "float64"):
        _use(floatx)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        model.compile("adam", "mse")
        model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0)
        found[f"{floatx}_weights"] = str(model.weights[0].dtype)
        found[f"{floatx}_optimizer_values"] = str(model.optimizer.variables[-1].dtype)
        found[f"{floatx}_output"] = str(model.predict(np.zeros((4, 4)), verbose=0).dtype)
    _use("float32")
    return {**found, **fresh.outcomes(IN_TURN)}


def _step(floatx: str) -> Any:
    _use(floatx)
    convolutions = [keras.layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(4)]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2000), keras.layers.Dense(2000)]
    model = keras.Sequential([keras.Input((96, 96, 3)), *convolutions, *head, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((16, 96, 96, 3), floatx), np.zeros((16, 1), floatx))
    return model
