"""KM209 map-sequential: one element is made after the other, unless tf.data rewrites the map."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pictures
import tensorflow as tf

RATIO_OF = "seconds"
CALLS = 3
COUNT, SIZE = 500, 512


def prepare(folder: Path) -> Any:
    return tf.data.Dataset.from_tensor_slices(pictures.write(folder, COUNT, SIZE))


def bad(paths: Any) -> None:
    """500 pictures read through numpy_function, which waits 5 ms as for a network drive."""
    _read(paths.map(_fetch))


def good(paths: Any) -> None:
    _read(paths.map(_fetch, num_parallel_calls=tf.data.AUTOTUNE))


def tensorflow_ops(paths: Any) -> None:
    """Local files and TensorFlow operations only: tf.data makes this map parallel by itself."""
    _read(paths.map(_decode))


def tensorflow_ops_rewrite_off(paths: Any) -> None:
    options = tf.data.Options()
    options.experimental_optimization.map_parallelization = False
    options.experimental_optimization.map_and_batch_fusion = False
    _read(paths.map(_decode).with_options(options))


def tensorflow_ops_autotune(paths: Any) -> None:
    _read(paths.map(_decode, num_parallel_calls=tf.data.AUTOTUNE))


def facts(_: Any) -> dict[str, Any]:
    numbers = tf.data.Dataset.range(2000)
    expected = [int(number) * 2 for number in range(2000)]
    parallel = numbers.map(_uneven, num_parallel_calls=tf.data.AUTOTUNE)
    hurried = numbers.map(_uneven, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)
    return {
        "parallel_map_keeps_order": [int(value) for value in parallel] == expected,
        "parallel_map_keeps_order_when_told_deterministic_False": [int(value) for value in hurried]
        == expected,
        "sequential_random_map_repeats_with_a_seed": _draws(None) == _draws(None),
        "parallel_random_map_repeats_with_a_seed": _draws(8) == _draws(8),
        "parallel_stateless_random_map_equals_sequential": _stateless(8) == _stateless(None),
        "cores": len(os.sched_getaffinity(0)),
    }


def _decode(path: Any) -> Any:
    image = tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32") / 255.0
    return image[::4, ::4]


def _fetch(path: Any) -> Any:
    def wait(name: Any) -> Any:
        time.sleep(0.005)
        return name

    return _decode(tf.ensure_shape(tf.numpy_function(wait, [path], tf.string), ()))


def _uneven(number: Any) -> Any:
    """Some elements take longer than their neighbours."""
    size = tf.where(number % 7 == 0, 200, 2)
    return number * 2 + tf.cast(tf.reduce_sum(tf.zeros((size, size))), "int64")


def _draws(parallel: int | None) -> list[float]:
    tf.random.set_seed(3)
    dataset = tf.data.Dataset.range(500).map(
        lambda _: tf.random.uniform((), seed=5), num_parallel_calls=parallel
    )
    return [float(value) for value in dataset]


def _stateless(parallel: int | None) -> list[float]:
    dataset = tf.data.Dataset.range(500).map(
        lambda number: tf.random.stateless_uniform((), seed=(3, number)), num_parallel_calls=parallel
    )
    return [float(value) for value in dataset]


def _read(decoded: Any) -> None:
    for _ in decoded:
        pass
