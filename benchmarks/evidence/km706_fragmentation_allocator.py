"""KM706 fragmentation-allocator: batches as long as their longest sample."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

REASON = (
    "the effect exists on a GPU only and was not measured; checked here: that the shapes of batches change"
)


def facts() -> dict[str, Any]:
    data = tf.data.Dataset.range(1, 13).map(lambda n: tf.range(n))
    return {
        "lengths_of_padded_batch_4": str([int(batch.shape[1]) for batch in data.padded_batch(4)]),
        "lengths_of_padded_batch_4_with_a_shape": str(
            [int(batch.shape[1]) for batch in data.padded_batch(4, padded_shapes=(16,))]
        ),
    }
