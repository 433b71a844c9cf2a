"""KM603 keeps-models-or-histories: a history holds its model, with weights and optimizer slots."""

from __future__ import annotations

import gc
from typing import Any

import keras
import numpy as np

TURNS = 4
INPUTS, UNITS = 1024, 8192  # 32 MiB of weights, as much again for each of Adam's two slots


def bad() -> list[Any]:
    """Four models trained in turn; the list keeps what `fit` gives. Eager, so that no trace keeps the models as well."""
    return [_fit(_compiled(run_eagerly=True)) for _ in range(TURNS)]


def good() -> list[Any]:
    """As `bad`, but the list keeps `.history`, the dict of numbers."""
    kept = []
    for _ in range(TURNS):
        kept.append(_fit(_compiled(run_eagerly=True)).history)
        gc.collect()
    return kept


def graph_histories() -> list[Any]:
    """As `bad`, trained as usual: in a `tf.function`."""
    return [_fit(_compiled()) for _ in range(TURNS)]


def graph_numbers() -> list[Any]:
    """As `good`, trained as usual: in a `tf.function`."""
    kept = []
    for _ in range(TURNS):
        kept.append(_fit(_compiled()).history)
        gc.collect()
    return kept


def facts() -> dict[str, Any]:
    import tf_keras

    x = np.zeros((8, 4), "float32")
    found = {}
    for library in (keras, tf_keras):
        model = library.Sequential([library.Input((4,)), library.layers.Dense(1)])
        model.compile("adam", "mse")
        history = model.fit(x, x[:, :1], verbose=0)
        found[f"{library.__name__}_history.model_is_the_model"] = history.model is model
    return found


def _fit(model: Any) -> Any:
    x = np.random.default_rng(0).random((64, INPUTS), dtype="float32")
    return model.fit(x, x[:, :1], batch_size=32, verbose=0)


def _compiled(run_eagerly: bool = False) -> Any:
    model = keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
    model.compile("adam", "mse", run_eagerly=run_eagerly)
    return model
