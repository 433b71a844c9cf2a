"""KM206 cache-misplaced: a cache behind repeat keeps every element once for each pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

COUNT, NUMBERS, PASSES = 60, 1 << 18, 4


def prepare(folder: Path) -> Path:
    return folder


def bad(_: Path) -> Any:
    """60 elements of 1 MiB, four passes, all cached."""
    return _read(_elements().repeat(PASSES).cache())


def good(_: Path) -> Any:
    """The cache before the repeat."""
    return _read(_elements().cache().repeat(PASSES))


def cached_twice(_: Path) -> Any:
    """A second cache behind a map keeps what it made, beside the first."""
    return _read(_elements().cache().map(lambda element: element + 1).cache())


def facts(folder: Path) -> dict[str, Any]:
    numbers = tf.data.Dataset.range(20)
    shuffled = numbers.shuffle(20, seed=1).cache()
    random = numbers.map(lambda _: tf.random.uniform(())).cache()
    fresh = numbers.cache().map(lambda _: tf.random.uniform(()))
    file = str(folder / "one.cache")
    first, second = tf.data.Dataset.range(3).cache(file), tf.data.Dataset.range(100, 103).cache(file)
    found: dict[str, Any] = {
        "shuffle_then_cache_same_order_in_each_epoch": _values(shuffled) == _values(shuffled),
        "random_map_then_cache_same_numbers_in_each_epoch": _values(random) == _values(random),
        "cache_then_random_map_same_numbers_in_each_epoch": _values(fresh) == _values(fresh),
        "first_of_two_datasets_with_one_cache_file": str(_values(first)),
        "second_of_two_datasets_with_one_cache_file": str(_values(second)),
    }
    for name, dataset in (
        ("cache_then_take_8", lambda source: source.cache().take(8)),
        ("take_8_then_cache", lambda source: source.take(8).cache()),
        ("cache_then_take_all", lambda source: source.cache().take(20)),
        ("cache_then_take_8_then_cache", lambda source: source.cache().take(8).cache()),
    ):
        calls: list[int] = []
        source = numbers.map(lambda n, calls=calls: tf.numpy_function(_counter(calls), [n], tf.int64))
        repeated = dataset(source)
        for _ in range(3):
            _values(repeated)
        found[f"elements_made_in_three_epochs_of_{name}"] = len(calls)
    return found


def _counter(calls: list[int]) -> Any:
    def count(number: Any) -> Any:
        calls.append(int(number))
        return number

    return count


def _values(dataset: Any) -> list[float]:
    return [float(value) for value in dataset]


def _elements() -> Any:
    return tf.data.Dataset.range(COUNT).map(lambda n: tf.fill((NUMBERS,), tf.cast(n, tf.float32)))


def _read(dataset: Any) -> Any:
    for _ in dataset:
        pass
    return dataset
