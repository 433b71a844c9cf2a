"""KM202 shuffle-after-decode: a shuffle buffer holds what flows into it, decoded pictures instead of paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pictures
import tensorflow as tf

COUNT, SIZE = 1500, 128


def prepare(folder: Path) -> Any:
    return tf.data.Dataset.from_tensor_slices(pictures.write(folder, COUNT, SIZE))


def bad(paths: Any) -> None:
    """1,000 decoded pictures wait in the buffer: 188 MiB."""
    _read(paths.map(_decode).shuffle(1000))


def good(paths: Any) -> None:
    _read(paths.shuffle(1000).map(_decode))


def facts(paths: Any) -> dict[str, Any]:
    numbers = tf.data.Dataset.range(1000)
    after = _values(numbers.map(_double).shuffle(100, seed=1))
    before = _values(numbers.shuffle(100, seed=1).map(_double))
    again = _values(numbers.map(_double).shuffle(100, seed=1))
    batched_after = _values(numbers.batch(10).shuffle(100, seed=1).unbatch())
    batched_before = _values(numbers.shuffle(100, seed=1).batch(10).unbatch())
    noisy_after = _noise(numbers.map(_noisy).shuffle(100, seed=1))
    noisy_before = _noise(numbers.shuffle(100, seed=1).map(_noisy))
    epochs = numbers.shuffle(100, seed=1)
    return {
        "moved_before_map_same_elements": sorted(after) == sorted(before),
        "moved_before_map_same_order_with_a_fixed_seed": after == before,
        "moved_before_map_same_order_with_the_global_seed": _with_global_seed(
            lambda: numbers.map(_double).shuffle(100)
        )
        == _with_global_seed(lambda: numbers.shuffle(100).map(_double)),
        "same_seed_repeats_the_order": after == again,
        "moved_before_batch_same_order_with_a_fixed_seed": batched_after == batched_before,
        "moved_before_random_map_same_noise_for_an_element": noisy_after == noisy_before,
        "order_differs_between_epochs": _values(epochs) != _values(epochs),
        "moved_before_filter_same_order_with_a_fixed_seed": _values(
            numbers.filter(_even).shuffle(100, seed=1)
        )
        == _values(numbers.shuffle(100, seed=1).filter(_even)),
    }


def _decode(path: Any) -> Any:
    return tf.cast(tf.io.decode_jpeg(tf.io.read_file(path), 3), "float32") / 255.0


def _double(number: Any) -> Any:
    return number * 2


def _even(number: Any) -> Any:
    return number % 2 == 0


def _with_global_seed(make: Callable[[], Any]) -> list[int]:
    tf.random.set_seed(1)
    return _values(make())


def _noisy(number: Any) -> Any:
    return number, tf.random.uniform((), seed=7)


def _read(pictures_in_order: Any) -> None:
    for _ in pictures_in_order.batch(32).prefetch(2):
        pass


def _values(dataset: Any) -> list[int]:
    return [int(value) for value in dataset.as_numpy_iterator()]


def _noise(dataset: Any) -> dict[int, float]:
    return {int(number): float(noise) for number, noise in dataset.as_numpy_iterator()}
