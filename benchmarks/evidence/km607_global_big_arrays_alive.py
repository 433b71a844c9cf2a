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
        "bytes_of_2500_rows_of_10000_zeros": _resident(0),
        "bytes_of_2500_rows_of_10000_zeros_with_a_one_for_each_word": _resident(200),
    }


def _resident(words: int) -> int:
    """Bytes of memory that float64 zeros take once each row has a one for so many words, frequent ones above all (Linux)."""
    draw = np.random.default_rng(0)
    chances = 1 / np.arange(1, 10_001)
    rows = [draw.choice(10_000, size=words, p=chances / chances.sum()) for _ in range(2500)]
    before = _anonymous()
    encoded = np.zeros((2500, 10_000))
    for i, row in enumerate(rows if words else []):
        encoded[i, row] = 1
    return _anonymous() - before


def _anonymous() -> int:
    """Bytes of this process's own memory that are in use."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) << 10


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
