"""KM903 tuner-search-arrays: every trial of a search turns the arrays it is given into tensors of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

ROWS, NUMBERS = 2048, 16 * 1024  # 128 MiB of float32
TRIALS = 3


def prepare(folder: Path) -> tuple[Path, Any, Any]:
    return folder, np.ones((ROWS, NUMBERS), "float32"), np.ones((ROWS, 1), "float32")


def bad(given: tuple[Path, Any, Any]) -> Any:
    """`search(x, y)` with arrays."""
    folder, x, y = given
    return _search(folder, x, y, batch_size=64)


def good(given: tuple[Path, Any, Any]) -> Any:
    """A `PyDataset` that slices the arrays."""
    folder, x, y = given
    return _search(folder, _Batches(x, y))


def one_fit(given: tuple[Path, Any, Any]) -> Any:
    """One `fit` of the same arrays, for comparison."""
    _folder, x, y = given
    return _build(None).fit(x, y, batch_size=64, verbose=0)


class _Batches(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return ROWS // 64

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(index * 64, index * 64 + 64)
        return self.x[rows], self.y[rows]


def _build(hp: Any) -> Any:
    rate = hp.Choice("rate", [1e-6, 2e-6, 3e-6]) if hp is not None else 1e-6
    model = keras.Sequential([keras.Input((NUMBERS,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def _search(folder: Path, *data: Any, **options: Any) -> Any:
    import keras_tuner

    tuner = keras_tuner.RandomSearch(
        _build, objective="loss", max_trials=TRIALS, directory=str(folder), overwrite=True
    )
    tuner.search(*data, epochs=1, verbose=0, **options)
    return tuner
