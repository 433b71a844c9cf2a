"""KM207 missing-prefetch: a step waits for its batch, unless tf.data reads ahead by itself."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

RATIO_OF = "seconds"
CALLS = 3
ELEMENTS, BATCH = 320, 16
READ_SECONDS, STEP_SECONDS = 0.002, 0.04


def bad() -> None:
    """20 steps of 40 ms on batches of 16 slow reads, tf.data's rewrites off.

    Both are waits, so that other load on the machine does not count.
    """
    _train(_batches().with_options(_plain()))


def good() -> None:
    """The same with the prefetch."""
    _train(_batches().prefetch(tf.data.AUTOTUNE).with_options(_plain()))


def as_written() -> None:
    """No prefetch, and tf.data's default rewrites left on."""
    _train(_batches())


def as_written_batch_before_map() -> None:
    """The same where map and batch cannot be fused."""
    _train(_batches().map(lambda batch: batch + 1))


def facts() -> dict[str, Any]:
    numbers = tf.data.Dataset.range(1000).map(lambda number: number * 2)
    plain = [int(value) for value in numbers]
    return {
        "prefetch_keeps_order": plain == [int(value) for value in numbers.prefetch(tf.data.AUTOTUNE)],
        "AUTOTUNE_is": int(tf.data.AUTOTUNE),
    }


def _batches() -> Any:
    return tf.data.Dataset.range(ELEMENTS).map(_read).batch(BATCH)


def _plain() -> Any:
    """Neither map and batch fused into one asynchronous step, nor a prefetch put in at the end."""
    options = tf.data.Options()
    options.experimental_optimization.map_and_batch_fusion = False
    options.experimental_optimization.inject_prefetch = False
    return options


def _read(number: Any) -> Any:
    def wait(value: Any) -> Any:
        time.sleep(READ_SECONDS)
        return value

    return tf.ensure_shape(tf.numpy_function(wait, [number], tf.int64), ())


def _train(dataset: Any) -> None:
    for _ in dataset:
        time.sleep(STEP_SECONDS)
