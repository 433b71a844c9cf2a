"""KM607 global-big-arrays-alive: the array a copy was made of stays in memory during training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SHAPE = (500, 96, 96, 3)


def bad() -> Any:
    """105 MiB of float64 converted to 53 MiB of float32, and kept."""
    raw = np.random.default_rng(0).random(SHAPE)
    x = raw.astype("float32")
    _train(x)
    return x, raw


def good() -> Any:
    raw = np.random.default_rng(0).random(SHAPE)
    x = raw.astype("float32")
    del raw
    _train(x)
    return x


def the_copy_takes_the_name() -> Any:
    x = np.random.default_rng(0).random(SHAPE)
    x = x.astype("float32")
    _train(x)
    return x


def facts() -> dict[str, Any]:
    return {
        "MiB_while_an_alias_is_left": _left("raw"),
        "MiB_while_a_slice_is_left": _left("raw[:10]"),
        "MiB_while_only_a_copy_is_left": _left("raw.astype('float32')"),
    }


def _left(expression: str) -> int:
    """MiB of a 64 MiB array that `del` leaves, as `tracemalloc` counts them, while ``expression`` is kept."""
    import tracemalloc

    tracemalloc.start()
    raw = np.zeros(64 << 20, "uint8")
    kept = eval(expression, {"raw": raw})
    del raw
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del kept
    return size >> 20


def _train(x: Any) -> None:
    model = keras.Sequential(
        [keras.Input(SHAPE[1:]), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(len(x), "float32"), verbose=0)
