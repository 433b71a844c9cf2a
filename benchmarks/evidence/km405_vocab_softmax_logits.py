"""KM405 vocab-softmax-logits: logits over a vocabulary at each position are the largest tensor of the model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

BATCH, POSITIONS, WIDTH, WORDS = 8, 64, 64, 20_000


def bad() -> Any:
    """One step of SGD of a Dense of 20,000 words at 64 positions, batch 8: 39 MiB of logits."""
    return _step(WORDS)


def good() -> Any:
    """The same with a vocabulary of 2,000 word pieces."""
    return _step(2_000)


def softmax_in_the_layer() -> Any:
    return _step(WORDS, "softmax")


def half_the_positions() -> Any:
    return _step(WORDS, positions=POSITIONS // 2)


def _step(words: int, activation: str | None = None, positions: int = POSITIONS) -> Any:
    model = keras.Sequential(
        [keras.Input((positions, WIDTH)), keras.layers.Dense(words, activation=activation)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=activation is None))
    model.train_on_batch(
        np.zeros((BATCH, positions, WIDTH), "float32"), np.zeros((BATCH, positions), "int32")
    )
    return model
