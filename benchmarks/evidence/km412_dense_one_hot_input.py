"""KM412 dense-one-hot-input: a row of zeros for each integer, where an embedding needs the integer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

ROWS, STEPS, CLASSES = 2_000, 10, 1_000


def bad() -> Any:
    """An epoch on 2,000 x 10 ids of 1,000 classes as one-hot input of a Dense layer (153 MiB in float64)."""
    x = keras.utils.to_categorical(_ids(), CLASSES)
    return x, _fit(x, [keras.Input((STEPS, CLASSES)), keras.layers.Dense(16, use_bias=False)])


def good() -> Any:
    """The same ids in an Embedding."""
    return _fit(_ids(), [keras.Input((STEPS,), dtype="int32"), keras.layers.Embedding(CLASSES, 16)])


def encoded_in_the_model() -> Any:
    encode = keras.layers.CategoryEncoding(CLASSES, output_mode="one_hot")
    inputs = [keras.Input((STEPS,), dtype="int32"), encode, keras.layers.Dense(16, use_bias=False)]
    return _fit(_ids(), inputs)


def facts() -> dict[str, Any]:
    """An Embedding and a Dense layer without bias on one-hot input are the same function."""
    kernel = np.random.default_rng(0).random((CLASSES, 16), dtype="float32")
    dense, table = keras.layers.Dense(16, use_bias=False), keras.layers.Embedding(CLASSES, 16)
    ids = _ids()[:50]
    one_hot = keras.utils.to_categorical(ids, CLASSES).astype("float32")
    dense.build(one_hot.shape)
    table.build(ids.shape)
    dense.set_weights([kernel])
    table.set_weights([kernel])
    return {"largest_difference": float(np.abs(np.array(dense(one_hot)) - np.array(table(ids))).max())}


def _ids() -> Any:
    return np.random.default_rng(0).integers(0, CLASSES, (ROWS, STEPS)).astype("int32")


def _fit(x: Any, first: list[Any]) -> Any:
    model = keras.Sequential([*first, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((ROWS, 1), "float32"), verbose=0)
    return model
