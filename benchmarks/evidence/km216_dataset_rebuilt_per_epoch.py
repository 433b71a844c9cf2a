"""KM216 dataset-rebuilt-per-epoch: a pipeline that a loop assigns to its own name gets longer in each turn."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from harness import anonymous_bytes

COUNT, NUMBERS, BUFFER, EPOCHS = 1500, 1 << 15, 64, 20


def bad() -> None:
    """20 epochs over 1,500 elements of 128 KiB; each puts one more `shuffle(64)` behind those before."""
    elements = _elements()
    for _ in range(EPOCHS):
        elements = elements.shuffle(BUFFER)
        _read(elements)


def good() -> None:
    """The pipeline made once, before the loop."""
    elements = _elements().shuffle(BUFFER)
    for _ in range(EPOCHS):
        _read(elements)


def made_anew() -> None:
    """In each turn from the same start, under another name."""
    elements = _elements()
    for _ in range(EPOCHS):
        shuffled = elements.shuffle(BUFFER)
        _read(shuffled)


def iterator_each_turn() -> None:
    """20 batches of 32, each from an iterator of its own, behind a `shuffle(10000)` of numbers that a `map` makes."""
    batches = _batches()
    for _ in range(20):
        next(iter(batches))


def one_iterator() -> None:
    """The same 20 batches from one iterator."""
    batches = iter(_batches())
    for _ in range(20):
        next(batches)


def facts() -> dict[str, Any]:
    traces: list[int] = []

    def counted(number: Any) -> Any:
        traces.append(1)
        return number + 1

    numbers = tf.data.Dataset.range(4)
    for _ in range(10):
        _read(numbers.map(counted))
    found: dict[str, Any] = {"traces_in_10_turns_made_anew": len(traces)}
    chained = numbers
    for _ in range(10):
        chained = chained.map(counted)
    found["first_number_after_10_turns_of_adding_1_to_its_own_name"] = int(next(iter(chained)))
    _anew(numbers, 20)
    before = anonymous_bytes()
    _anew(numbers, 100)
    found["bytes_each_turn_keeps_made_anew_with_a_map"] = (anonymous_bytes() - before) // 100
    return found


def _anew(numbers: Any, turns: int) -> None:
    for _ in range(turns):
        _read(numbers.shuffle(4).map(lambda number: number + 1).batch(2))


def _batches() -> Any:
    return tf.data.Dataset.range(20_000).map(lambda n: tf.fill((8,), n)).shuffle(10_000).batch(32)


def _elements() -> Any:
    return tf.data.Dataset.range(COUNT).map(lambda n: tf.fill((NUMBERS,), tf.cast(n, tf.float32)))


def _read(dataset: Any) -> None:
    for _ in dataset:
        pass
