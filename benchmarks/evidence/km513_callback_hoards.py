"""KM513 callback-hoards: a callback that appends weights or predictions keeps all of them until training ends."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

EPOCHS = 8
INPUTS, UNITS = 1024, 8192  # 32 MiB of weights


class _Weights(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.weights.append(self.model.get_weights())


class _Norms(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.norms: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.norms.append([float(np.linalg.norm(one)) for one in self.model.get_weights()])


def bad() -> Any:
    """Eight epochs, after each of which the callback keeps all weights."""
    return _fit(_Weights())


def good() -> Any:
    """The callback keeps the norm of each weight."""
    return _fit(_Norms())


def nothing() -> Any:
    """No callback."""
    return _fit()


def restore_best_weights() -> Any:
    """`EarlyStopping(restore_best_weights=True)`."""
    return _fit(keras.callbacks.EarlyStopping("loss", patience=EPOCHS, restore_best_weights=True))


def stop_early() -> Any:
    """`EarlyStopping` without it."""
    return _fit(keras.callbacks.EarlyStopping("loss", patience=EPOCHS))


def _fit(*callbacks: Any) -> Any:
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((64, INPUTS), dtype="float32")
    model.fit(x, x[:, :1], epochs=EPOCHS, callbacks=list(callbacks), verbose=0)
    return callbacks
