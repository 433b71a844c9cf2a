"""KM301 no-mixed-precision: half-width activations; on a CPU the saving is small and the steps are slow."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np

BATCH, SIZE = 64, 96


def bad() -> None:
    """One training step of four convolutions, batch 64, 96 x 96 pixels, float32."""
    _step("float32")


def good() -> None:
    _step("mixed_bfloat16")


def facts() -> dict[str, Any]:
    found: dict[str, Any] = {
        "seconds_of_a_small_step_float32": _seconds("float32"),
        "seconds_of_a_small_step_mixed_bfloat16": _seconds("mixed_bfloat16"),
        "seconds_of_a_small_step_mixed_float16": _seconds("mixed_float16"),
    }
    for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
        keras.mixed_precision.set_dtype_policy(policy)
        model = _model()
        model.compile("adam", "mse")
        found[f"{policy}_optimizer_after_compile"] = type(model.optimizer).__name__
        found[f"{policy}_weights"] = str(model.weights[0].dtype)
        found[f"{policy}_activations"] = str(model.layers[0].compute_dtype)
    return {
        **found,
        "keras_has_set_dtype_policy": hasattr(keras.mixed_precision, "set_dtype_policy"),
        "keras_has_set_global_policy": hasattr(keras.mixed_precision, "set_global_policy"),
        "keras_config_has_set_dtype_policy": hasattr(keras.config, "set_dtype_policy"),
        **_legacy(),
    }


def _legacy() -> dict[str, Any]:
    import tf_keras

    tf_keras.mixed_precision.set_global_policy("mixed_float16")
    model = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(2,))])
    model.compile("adam", "mse")
    return {
        "tf_keras_has_set_dtype_policy": hasattr(tf_keras.mixed_precision, "set_dtype_policy"),
        "tf_keras_has_set_global_policy": hasattr(tf_keras.mixed_precision, "set_global_policy"),
        "tf_keras_mixed_float16_optimizer_after_compile": type(model.optimizer).__name__,
    }


def _step(policy: str) -> None:
    keras.mixed_precision.set_dtype_policy(policy)
    _train(_model(), BATCH)


def _seconds(policy: str) -> float:
    """One step on two pictures, after a first one: the kernels of this CPU, batch 64 would take minutes in float16."""
    keras.mixed_precision.set_dtype_policy(policy)
    model = _model()
    _train(model, 2)
    started = time.perf_counter()
    _train(model, 2)
    return round(time.perf_counter() - started, 3)


def _train(model: Any, batch: int) -> None:
    if not model.compiled:
        model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((batch, SIZE, SIZE, 3), dtype="float32")
    model.train_on_batch(x, np.zeros((batch, 1), "float32"))


def _model() -> Any:
    convolutions = [keras.layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(4)]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, dtype="float32")]
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), *convolutions, *head])
