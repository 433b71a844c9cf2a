"""KM103 whole-array-fit: fit copies the array it is given twice more, on top of the one the script holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

COUNT, BATCH = 1000, 32


def prepare(folder: Path) -> tuple[Any, Any, Any]:
    """188 MiB of float32, and half the rows as float64; held by the script and so not counted below."""
    x = np.random.default_rng(0).random((COUNT, 128, 128, 3), dtype="float32")
    return x, np.zeros(COUNT, "float32"), x[: COUNT // 2].astype("float64")


def bad(data: tuple[Any, Any, Any]) -> None:
    x, y, _ = data
    _model().fit(x, y, batch_size=BATCH, verbose=0)


def without_shuffling(data: tuple[Any, Any, Any]) -> None:
    x, y, _ = data
    _model().fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)


def tensor_first(data: tuple[Any, Any, Any]) -> None:
    x, y, _ = data
    _model().fit(tf.constant(x), tf.constant(y), batch_size=BATCH, verbose=0)


def with_validation_split(data: tuple[Any, Any, Any]) -> None:
    x, y, _ = data
    _model().fit(x, y, batch_size=BATCH, validation_split=0.2, verbose=0)


def with_more_held_out(data: tuple[Any, Any, Any]) -> None:
    """Two fifths are validated on: their copies come when one of the others is still there."""
    x, y, _ = data
    _model().fit(x, y, batch_size=BATCH, validation_split=0.4, verbose=0)


def given_twice(data: tuple[Any, Any, Any]) -> None:
    """One array as two inputs is copied as two."""
    x, y, _ = data
    inputs = [keras.Input((128, 128, 3)), keras.Input((128, 128, 3))]
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(pooled))
    model.compile("sgd", "mse")
    model.fit([x, x], y, batch_size=BATCH, verbose=0)


def float64(data: tuple[Any, Any, Any]) -> None:
    """Half the rows, which take 188 MiB, too."""
    _, y, x = data
    _model().fit(x, y[: len(x)], batch_size=BATCH, verbose=0)


def float64_tf_keras(data: tuple[Any, Any, Any]) -> None:
    import tf_keras

    _, y, x = data
    _model(tf_keras).fit(x, y[: len(x)], batch_size=BATCH, verbose=0)


def predict_whole(data: tuple[Any, Any, Any]) -> None:
    _model().predict(data[0], batch_size=BATCH, verbose=0)


def good(data: tuple[Any, Any, Any]) -> None:
    _model().fit(_Rows(*data[:2]), verbose=0)


def facts(data: tuple[Any, Any, Any]) -> dict[str, Any]:
    """What `fit`, `evaluate` and `predict` add to a tensor of 188 MiB that is there already."""
    from harness import measure

    x, y = map(tf.constant, data[:2])
    model = _model()
    calls = {
        "fit": lambda: model.fit(x, y, batch_size=BATCH, verbose=0),
        "evaluate": lambda: model.evaluate(x, y, batch_size=BATCH, verbose=0),
        "predict": lambda: model.predict(x, batch_size=BATCH, verbose=0),
    }
    return {f"bytes_{name}_takes_beside_a_tensor": measure(call).peak_bytes for name, call in calls.items()}


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.x, self.y = x, y

    def __len__(self) -> int:
        return -(-len(self.x) // BATCH)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return self.x[rows], self.y[rows]


def _model(kind: Any = keras) -> Any:
    pool = kind.layers.GlobalAveragePooling2D()
    model = kind.Sequential([kind.Input((128, 128, 3)), pool, kind.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
