"""KM215 repeat-before-shuffle-or-batch: epochs run into each other."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

REASON = "no memory effect: the rule is about which samples come when"
COUNT, BATCH = 1000, 32


def facts() -> dict[str, Any]:
    tf.random.set_seed(1)
    numbers = tf.data.Dataset.range(COUNT)
    orders = {
        "repeat_then_shuffle": numbers.repeat(3).shuffle(COUNT),
        "shuffle_then_repeat": numbers.shuffle(COUNT).repeat(3),
    }
    found: dict[str, Any] = {}
    for name, dataset in orders.items():
        first = [int(value) for value in dataset.take(COUNT)]
        found[f"different_samples_among_the_first_{COUNT}_of_{COUNT}_{name}"] = len(set(first))
    steps = -(-COUNT // BATCH)
    for name, dataset in (
        ("repeat_then_batch", numbers.repeat().batch(BATCH)),
        ("batch_then_repeat", numbers.batch(BATCH).repeat()),
    ):
        batches = [batch.numpy().tolist() for batch in dataset.take(steps)]
        found[f"samples_in_the_first_{steps}_batches_{name}"] = sum(map(len, batches))
        found[f"last_of_these_batches_{name}"] = str(batches[-1])
    found["batches_of_three_passes_repeat_then_batch"] = sum(1 for _ in numbers.repeat(3).batch(BATCH))
    found["batches_of_three_passes_batch_then_repeat"] = sum(1 for _ in numbers.batch(BATCH).repeat(3))
    return found
