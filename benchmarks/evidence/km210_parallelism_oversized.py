"""KM210 parallelism-oversized: each parallel call and each open file holds what it makes."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

COUNT, NUMBERS = 512, 1 << 18


def bad() -> None:
    """512 elements of 1 MiB, 256 of them made at the same time, and steps of 5 ms."""
    _train(_numbers().map(_make, num_parallel_calls=256))


def good() -> None:
    _train(_numbers().map(_make, num_parallel_calls=tf.data.AUTOTUNE))


def sixty_four() -> None:
    _train(_numbers().map(_make, num_parallel_calls=64))


def sequential() -> None:
    _train(_numbers().map(_make))


def interleave_of_64_with_buffers() -> None:
    """64 files open, each with a prefetch of 4 of its own."""
    _train(tf.data.Dataset.range(64).interleave(_file, cycle_length=64, num_parallel_calls=tf.data.AUTOTUNE))


def interleave_of_4_with_buffers() -> None:
    _train(tf.data.Dataset.range(64).interleave(_file, cycle_length=4, num_parallel_calls=tf.data.AUTOTUNE))


def interleave_of_64_without_buffers() -> None:
    _train(tf.data.Dataset.range(64).interleave(_plain, cycle_length=64, num_parallel_calls=tf.data.AUTOTUNE))


def interleave_of_64_sequential() -> None:
    _train(tf.data.Dataset.range(64).interleave(_plain, cycle_length=64))


def _numbers() -> Any:
    return tf.data.Dataset.range(COUNT)


def _make(number: Any) -> Any:
    return tf.fill((NUMBERS,), tf.cast(number, tf.float32))


def _plain(_: Any) -> Any:
    return tf.data.Dataset.range(8).map(_make)


def _file(number: Any) -> Any:
    return _plain(number).prefetch(4)


def _train(dataset: Any) -> None:
    for _ in dataset:
        time.sleep(0.005)
