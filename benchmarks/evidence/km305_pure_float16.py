"""KM305 pure-float16: float16 weights lose what float32 weights learn."""

from __future__ import annotations

from typing import Any

import fresh
import keras
import numpy as np

REASON = (
    "the memory effect is that of a mixed policy (KM301) and two bytes a weight; here: what training comes to"
)

# `set_floatx` counts until the first layer is made; the warm-up of a measurement has made one.
LAYER = "layer = keras.layers.Dense(1); layer.build((1, 1)); print(layer.kernel.dtype)"
SET = "keras.config.set_floatx('float16'); "
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


def facts() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for floatx in ("float32", "float16"):
        _use(floatx)
        model = _model()
        history = _fit(model)
        found[f"{floatx}_weights"] = str(model.weights[0].dtype)
        found[f"{floatx}_optimizer_after_compile"] = type(model.optimizer).__name__
        found[f"{floatx}_loss_after_40_epochs"] = history[-1]
    _use("float32")
    keras.mixed_precision.set_global_policy("mixed_float16")
    found["mixed_float16_loss_after_40_epochs"] = _fit(_model())[-1]
    return {**found, **fresh.outcomes(IN_TURN)}


def _model() -> Any:
    keras.utils.set_random_seed(0)
    hidden = keras.layers.Dense(32, activation="relu")
    return keras.Sequential([keras.Input((16,)), hidden, keras.layers.Dense(1)])


def _fit(model: Any) -> list[float]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2048, 16)).astype("float32")
    y = (x[:, :1] * x[:, 1:2]).astype("float32")
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    losses: list[float] = model.fit(x, y, epochs=40, verbose=0).history["loss"]
    return losses
