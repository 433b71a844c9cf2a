"""KM212 py-function-in-map: Python code in a map runs under the interpreter's lock, one element at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from harness import anonymous_bytes

RATIO_OF = "seconds"
CALLS = 3
COUNT = 4000


def bad() -> None:
    """4,000 samples of 32 × 32 × 3 numbers scaled by NumPy in `numpy_function`."""
    _read(_numbers().map(_numpy, num_parallel_calls=tf.data.AUTOTUNE))


def good() -> None:
    """The same by TensorFlow's own operations."""
    _read(_numbers().map(_own, num_parallel_calls=tf.data.AUTOTUNE))


def py_function() -> None:
    _read(_numbers().map(_python, num_parallel_calls=tf.data.AUTOTUNE))


def facts() -> dict[str, Any]:
    sizes = []
    dataset = _numbers().map(_python, num_parallel_calls=tf.data.AUTOTUNE)
    for _ in range(4):
        _read(dataset)
        sizes.append(anonymous_bytes())
    return {
        "bytes_py_function_grows_from_the_second_to_the_fourth_epoch": sizes[3] - sizes[1],
        "shape_behind_numpy_function": str(_numbers().map(_numpy).element_spec.shape),
    }


def _numbers() -> Any:
    return tf.data.Dataset.range(COUNT)


def _numpy(number: Any) -> Any:
    return tf.numpy_function(lambda n: np.full((32, 32, 3), n, "float32") / 255.0, [number], tf.float32)


def _python(number: Any) -> Any:
    return tf.py_function(
        lambda n: tf.fill((32, 32, 3), tf.cast(n, tf.float32)) / 255.0, [number], tf.float32
    )


def _own(number: Any) -> Any:
    return tf.fill((32, 32, 3), tf.cast(number, tf.float32)) / 255.0


def _read(dataset: Any) -> None:
    for _ in dataset:
        pass
