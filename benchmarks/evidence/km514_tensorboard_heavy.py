"""KM514 tensorboard-heavy: a histogram takes many times the weights that it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

INPUTS, UNITS = 1024, 1024  # 4 MiB of weights
EPOCHS = 3


def prepare(folder: Path) -> str:
    return str(folder / "logs")


def bad(folder: str) -> None:
    """`TensorBoard(histogram_freq=1)` on 4 MiB of weights."""
    _fit(keras.callbacks.TensorBoard(folder, histogram_freq=1))


def good(folder: str) -> None:
    """`TensorBoard` as it comes."""
    _fit(keras.callbacks.TensorBoard(folder))


def write_images(folder: str) -> None:
    """`histogram_freq=1` and `write_images=True`."""
    _fit(keras.callbacks.TensorBoard(folder, histogram_freq=1, write_images=True))


def profile_400_batches(folder: str) -> None:
    """A small model, `profile_batch=(10, 410)`."""
    _fit_small(keras.callbacks.TensorBoard(folder, profile_batch=(10, 410)))


def profile_10_batches(folder: str) -> None:
    """A small model, `profile_batch=(10, 20)`."""
    _fit_small(keras.callbacks.TensorBoard(folder, profile_batch=(10, 20)))


def profile_nothing(folder: str) -> None:
    """A small model, no profile."""
    _fit_small(keras.callbacks.TensorBoard(folder))


def update_every_batch(folder: str) -> None:
    """A small model, `update_freq="batch"`."""
    _fit_small(keras.callbacks.TensorBoard(folder, update_freq="batch"))


def facts(folder: str) -> dict[str, Any]:
    import tf_keras

    found = {}
    for library in (keras, tf_keras):
        for name in ("write_grads", "batch_size"):
            try:
                library.callbacks.TensorBoard(folder, **{name: 1})
                found[f"{library.__name__}_{name}"] = "taken"
            except TypeError as error:
                found[f"{library.__name__}_{name}"] = f"TypeError: {error}"
    return found


def _fit(callback: Any) -> None:
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((64, INPUTS), dtype="float32")
    model.fit(x, x[:, :1], epochs=EPOCHS, callbacks=[callback], verbose=0)


def _fit_small(callback: Any) -> None:
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((16_000, 64), dtype="float32")
    model.fit(x, x[:, :1], epochs=1, callbacks=[callback], verbose=0)
