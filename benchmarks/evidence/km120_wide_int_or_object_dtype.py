"""KM120 wide-int-or-object-dtype: integers of eight bytes for what four or one can hold, and arrays of Python objects."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

ROWS, COLUMNS = 2_000, 4_000  # 61 MiB as int64


def bad() -> Any:
    """Random bits as NumPy makes them, trained on."""
    return _trained(_bits("int64"))


def good() -> Any:
    """As int32."""
    return _trained(_bits("int32"))


def uint8() -> Any:
    """As uint8."""
    return _trained(_bits("uint8"))


def objects() -> Any:
    """Numbers above 256 as Python objects, not trained on."""
    return np.arange(1_000, 1_000 + ROWS * COLUMNS).astype(object)


def facts() -> dict[str, Any]:
    same = {
        f"same_weights_as_int64_with_{dtype}": _weights(dtype) == _weights("int64")
        for dtype in ("int32", "uint8", "bool")
    }
    ids = np.array([[1, 2], [3, 4]], dtype=object)
    return {
        **same,
        "randint_draws_the_same_as_int32": _drawn("int32", 10_000) == _drawn("int64", 10_000),
        "randint_draws_the_same_as_uint8": _drawn("uint8", 200) == _drawn("int64", 200),
        "fit_of_numbers_as_objects": _error(lambda: _fit(keras, ids)),
        "fit_of_numbers_as_objects_tf_keras": _error(lambda: _fit(__import__("tf_keras"), ids)),
        "fit_of_labels_as_objects": _error(lambda: _fit(keras, np.zeros((2, 2)), ids[:, :1])),
        "predict_of_numbers_as_objects": _error(lambda: _model(keras).predict(ids, verbose=0)),
        "from_tensor_slices_of_numbers_as_objects": _error(lambda: tf.data.Dataset.from_tensor_slices(ids)),
        "from_tensor_slices_of_strings_as_objects": _error(
            lambda: tf.data.Dataset.from_tensor_slices(np.array(["a", "b"], dtype=object))
        ),
    }


def _bits(dtype: str) -> Any:
    return np.random.default_rng(0).integers(0, 2, (ROWS, COLUMNS), dtype=dtype)


def _trained(x: Any) -> Any:
    model = _model(keras)
    model.fit(x, np.zeros((ROWS, 1), "float32"), verbose=0)
    return x, model


def _model(kind: Any) -> Any:
    model = kind.Sequential([kind.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _fit(kind: Any, x: Any, y: Any = None) -> None:
    _model(kind).fit(x, np.zeros((len(x), 1)) if y is None else y, verbose=0)


def _weights(dtype: str) -> list[bytes]:
    """The weights after training on the same token ids in another dtype."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Embedding(50, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    x = np.random.default_rng(0).integers(0, 2, (64, 8)).astype(dtype)
    model.fit(x, x[:, :1].astype("float32"), epochs=3, verbose=0)
    return [one.tobytes() for one in model.get_weights()]


def _drawn(dtype: str, high: int) -> bytes:
    numbers = np.random.RandomState(0).randint(0, high, 100_000, dtype=dtype)
    return numbers.astype("int64").tobytes()


def _error(make: Any) -> str:
    try:
        make()
    except (TypeError, ValueError) as error:
        return type(error).__name__
    return "none"
