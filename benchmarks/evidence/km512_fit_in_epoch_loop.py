"""KM512 fit-in-epoch-loop: each call of fit makes tensors of the arrays and sets everything up again."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

RATIO_OF = "seconds"
SMALL, LARGE = 2_000, 80_000  # rows; 1 MiB and 39 MiB of float64 numbers


def bad() -> None:
    """100 calls of fit with one epoch each, on 2,000 rows."""
    model, x = _model(), _data(SMALL)
    for _ in range(100):
        model.fit(x, x[:, :1], batch_size=256, epochs=1, verbose=0)


def good() -> None:
    """One call of fit with 100 epochs, on 2,000 rows."""
    model, x = _model(), _data(SMALL)
    model.fit(x, x[:, :1], batch_size=256, epochs=100, verbose=0)


def bad_80_000_rows() -> None:
    """20 calls of fit with one epoch each, on 80,000 rows."""
    model, x = _model(), _data(LARGE)
    for _ in range(20):
        model.fit(x, x[:, :1], batch_size=4096, epochs=1, verbose=0)


def good_80_000_rows() -> None:
    """One call of fit with 20 epochs, on 80,000 rows."""
    model, x = _model(), _data(LARGE)
    model.fit(x, x[:, :1], batch_size=4096, epochs=20, verbose=0)


def facts() -> dict[str, Any]:
    from harness import anonymous_bytes, release_free_memory

    model, x = _model(), _data(SMALL)
    found: dict[str, Any] = {}
    for calls in (20, 100):
        release_free_memory()
        before = anonymous_bytes()
        for _ in range(calls):
            model.fit(x, x[:, :1], batch_size=256, verbose=0)
        release_free_memory()
        found[f"growth_in_bytes_per_call_over_{calls}"] = (anonymous_bytes() - before) // calls
    keras.utils.set_random_seed(0)
    once = _model()
    once.fit(x, x[:, :1], batch_size=256, epochs=3, verbose=0)
    keras.utils.set_random_seed(0)
    loop = _model()
    for _ in range(3):
        loop.fit(x, x[:, :1], batch_size=256, verbose=0)
    pairs = zip(once.get_weights(), loop.get_weights(), strict=True)
    found["same_weights_after_three_epochs_either_way"] = all(bool((a == b).all()) for a, b in pairs)
    return found


def _data(rows: int) -> Any:
    return np.random.default_rng(0).random((rows, 64))


def _model() -> Any:
    model = keras.Sequential(
        [keras.Input((64,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model
