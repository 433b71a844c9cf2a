"""KM407 rnn-unroll: an unrolled layer is a graph of every step."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import error_of

STEPS, UNITS, BATCH = 200, 64, 32


def bad() -> Any:
    """One step of Adam of an LSTM of 64 units over 200 steps, batch 32."""
    return _step(unroll=True)


def good() -> Any:
    return _step()


def facts() -> dict[str, Any]:
    import tf_keras

    looped, unrolled = _outputs(), _outputs(unroll=True)
    found = {"largest_difference_after_one_step": float(np.abs(looped - unrolled).max())}
    for library in (keras, tf_keras):
        name = f"{library.__name__}_unroll_with_unknown_steps"
        found[name] = error_of(lambda library=library: _unknown(library)) or "no error"
    return found


def _step(**options: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((STEPS, 16)), keras.layers.LSTM(UNITS, **options), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((BATCH, STEPS, 16), "float32"), np.zeros((BATCH, 1), "float32"))
    return model


def _outputs(**options: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((20, 4)), keras.layers.LSTM(8, **options), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).random((32, 20, 4), dtype="float32")
    model.fit(x, x.mean((1, 2)), verbose=0)
    return model.predict(x, verbose=0)


def _unknown(library: Any) -> Any:
    return library.Sequential([library.layers.InputLayer((None, 3)), library.layers.LSTM(2, unroll=True)])
