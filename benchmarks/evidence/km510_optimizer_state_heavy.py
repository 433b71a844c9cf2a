"""KM510 optimizer-state-heavy: copies of the weights that optimizers keep, and that `amsgrad` and `use_ema` add to."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

INPUTS, UNITS = 1024, 16384  # 64 MiB of weights


def bad() -> Any:
    """Adam with `amsgrad` and `use_ema`: four values for each weight."""
    return _trained(keras.optimizers.Adam(amsgrad=True, use_ema=True))


def good() -> Any:
    """Lion: one value for each weight."""
    return _trained(keras.optimizers.Lion())


def adam() -> Any:
    """Adam: two values."""
    return _trained(keras.optimizers.Adam())


def adam_amsgrad() -> Any:
    """Adam with `amsgrad`: three values."""
    return _trained(keras.optimizers.Adam(amsgrad=True))


def adafactor() -> Any:
    """Adafactor: one value for each weight in Keras 3.15, and two short vectors."""
    return _trained(keras.optimizers.Adafactor())


def sgd_momentum() -> Any:
    """SGD with momentum: one value."""
    return _trained(keras.optimizers.SGD(momentum=0.9))


def sgd() -> Any:
    """SGD: none."""
    return _trained(keras.optimizers.SGD())


def _trained(optimizer: Any) -> Any:
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
    model.compile(optimizer, "mse", run_eagerly=True)
    x = np.zeros((8, INPUTS), "float32")
    model.train_on_batch(x, x[:, :1])
    return model
