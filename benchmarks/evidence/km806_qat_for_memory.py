"""KM806 qat-for-memory: training for quantization takes more memory; only what is converted is small."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE, BATCH = 64, 64


def bad() -> Any:
    """Training the model that `quantize_model` gives."""
    import tensorflow_model_optimization as tfmot

    return _train(tfmot.quantization.keras.quantize_model(_model()))


def good() -> Any:
    """Training the same model as it is."""
    return _train(_model())


def facts() -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_model_optimization as tfmot

    model = tfmot.quantization.keras.quantize_model(_model())
    weights = model.count_params() * 4
    _train(model)
    found: dict[str, Any] = {}
    for label, optimizations in (("nothing", []), ("DEFAULT", [tf.lite.Optimize.DEFAULT])):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = optimizations
        found[f"converted_with_{label}_to_weights"] = round(len(converter.convert()) / weights, 2)
    return found


def _model() -> Any:
    import tf_keras
    from tf_keras import layers

    convolutions = [layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(3)]
    head = [layers.GlobalAveragePooling2D(), layers.Dense(1024, activation="relu"), layers.Dense(1)]
    return tf_keras.Sequential([tf_keras.Input((SIDE, SIDE, 3)), *convolutions, *head])


def _train(model: Any) -> Any:
    model.compile("sgd", "mse")
    x = np.zeros((BATCH, SIDE, SIDE, 3), "float32")
    model.fit(x, x[:, 0, 0, :1], batch_size=BATCH, epochs=2, verbose=0)
    return model
