"""KM113 validation-whole-arrays: validation arrays are copied like training arrays, and stay until the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

COUNT, BATCH = 500, 32


def prepare(folder: Path) -> Any:
    """94 MiB of float32, held by the script and so not counted below."""
    return np.random.default_rng(0).random((COUNT, 128, 128, 3), dtype="float32")


def bad(x: Any) -> None:
    _model().fit(_Rows(x), validation_data=(x, np.zeros(COUNT)), verbose=0)


def whole_in_one_batch(x: Any) -> None:
    _model().fit(_Rows(x), validation_data=(x, np.zeros(COUNT)), validation_batch_size=COUNT, verbose=0)


def without_validation(x: Any) -> None:
    _model().fit(_Rows(x), verbose=0)


def good(x: Any) -> None:
    _model().fit(_Rows(x), validation_data=_Rows(x), verbose=0)


def facts(x: Any) -> dict[str, Any]:
    small, y = x[:64], np.arange(64.0)
    rows = _Rows(small, y)
    model = _model()
    arrays = model.evaluate(small, y, batch_size=BATCH, verbose=0)
    return {"loss_of_a_PyDataset_is_the_same": arrays == model.evaluate(rows, verbose=0)}


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any, y: Any = None) -> None:
        super().__init__()
        self.x, self.y = x, np.zeros(len(x)) if y is None else y

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[rows], self.y[rows]


def _model() -> Any:
    pool = keras.layers.GlobalAveragePooling2D()
    convolution = keras.layers.Conv2D(4, 3, padding="same")
    model = keras.Sequential([keras.Input((128, 128, 3)), convolution, pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
