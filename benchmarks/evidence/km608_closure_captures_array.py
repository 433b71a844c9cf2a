"""KM608 closure-captures-array: an array of an enclosing scope becomes a constant of each graph that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

ROWS, COLUMNS = 40_000, 256  # 39 MiB


def prepare(_folder: Path) -> Any:
    return np.random.default_rng(0).random((ROWS, COLUMNS), dtype="float32")


def bad(table: Any) -> Any:
    """A graph function that gathers rows of the array, traced once."""
    return _called(_lookup(table), 1)


def good(table: Any) -> Any:
    """The same of a tensor made once, before the function."""
    return _called(_lookup(tf.constant(table)), 1)


def traced_twice(table: Any) -> Any:
    return _called(_lookup(table), 2)


def tensor_traced_twice(table: Any) -> Any:
    return _called(_lookup(tf.constant(table)), 2)


def argument(table: Any) -> Any:
    """The array as an argument of the function."""
    function = tf.function(lambda given, at: tf.gather(given, at))
    return function, function(table, tf.constant(0))


def mapped(table: Any) -> Any:
    """`map` with a function that gathers rows of the array."""
    return _drawn(lambda at: tf.gather(table, at))


def mapped_tensor(table: Any) -> Any:
    tensor = tf.constant(table)
    return _drawn(lambda at: tf.gather(tensor, at))


def mapped_python(table: Any) -> Any:
    """`map` with `py_function`, which takes the row from the array itself."""
    return _drawn(lambda at: tf.py_function(lambda row: table[int(row)], [at], tf.float32))


def loss(table: Any) -> Any:
    """A model compiled with a loss that uses the array."""
    return _trained(lambda true, predicted: tf.square(true - predicted) + tf.gather(table, 0)[0])


def loss_tensor(table: Any) -> Any:
    tensor = tf.constant(table)
    return _trained(lambda true, predicted: tf.square(true - predicted) + tf.gather(tensor, 0)[0])


def layer(table: Any) -> Any:
    """A layer of the script's own whose `call` gathers rows of the array."""

    class Lookup(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + tf.gather(table, 0)[0]

    return _trained("mse", Lookup())


def layer_tensor(table: Any) -> Any:
    tensor = tf.constant(table)

    class Lookup(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + tf.gather(tensor, 0)[0]

    return _trained("mse", Lookup())


def facts(_table: Any) -> dict[str, Any]:
    large = np.zeros(2**29, "float32")  # 2 GiB, of which no page is touched
    return {
        "2_GiB_in_a_graph_function": _error(lambda: _called(_lookup(large), 1)),
        "2_GiB_in_map": _error(lambda: tf.data.Dataset.range(2).map(lambda at: tf.gather(large, at))),
    }


def _error(make: Any) -> str:
    try:
        make()
    except ValueError as error:
        return str(error).strip().splitlines()[-1].strip()
    return "none"


def _lookup(table: Any) -> Any:
    @tf.function
    def lookup(at: Any) -> Any:
        return tf.gather(table, at)

    return lookup


def _called(function: Any, traces: int) -> Any:
    """The function, called with tensors of different shapes."""
    return function, [function(tf.constant([0] * (at + 1))) for at in range(traces)]


def _drawn(function: Any) -> Any:
    dataset = tf.data.Dataset.range(4).map(function)
    return dataset, list(dataset)


def _trained(loss: Any, *layers: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    model.compile("sgd", loss)
    model.fit(np.zeros((32, 4), "float32"), np.zeros((32, 1), "float32"), verbose=0)
    return model
