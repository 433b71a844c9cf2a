"""KM304 fp16-custom-loop-no-loss-scaling: what one step changes with and without a scaled loss."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

REASON = "no memory effect: the rule is about the numbers that come out"


def facts() -> dict[str, Any]:
    import tf_keras

    found: dict[str, Any] = {}
    for library in (keras, tf_keras):
        for wrapped in (False, True):
            what = "LossScaleOptimizer" if wrapped else "plain_optimizer"
            found[f"{library.__name__}_{what}_loss_not_scaled_change_of_weights"] = _change(library, wrapped)
        found[f"{library.__name__}_plain_to_LossScaleOptimizer"] = _change(library, False) / _change(
            library, True
        )
    found["smallest_float16"] = float(np.finfo("float16").smallest_subnormal)
    found["scale_of_Keras_3"] = float(
        keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD()).initial_scale
    )
    return found


def _change(library: Any, wrapped: bool) -> float:
    """The largest change of a weight in one step of SGD, without scaling the loss."""
    library.utils.set_random_seed(0)
    library.mixed_precision.set_global_policy("mixed_float16")
    layers = [library.layers.Dense(4), library.layers.Dense(1, dtype="float32")]
    model = library.Sequential([library.Input((8,)), *layers])
    optimizer: Any = library.optimizers.SGD(0.1)
    if wrapped:
        optimizer = library.mixed_precision.LossScaleOptimizer(optimizer)
    before = [weight.numpy() for weight in model.trainable_variables]
    x = np.random.default_rng(0).normal(size=(32, 8)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - x.sum(1, keepdims=True)) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    after = [weight.numpy() for weight in model.trainable_variables]
    return max(float(np.abs(a - b).max()) for a, b in zip(after, before, strict=True))
