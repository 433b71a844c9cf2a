"""KM406 attention-quadratic: a step keeps a score for every pair of positions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import error_of

BATCH, WIDTH, HEADS = 4, 32, 4


def bad() -> Any:
    """One step of SGD of an attention layer of 4 heads on 1,024 positions, batch 4: 64 MiB of scores."""
    return _step(1024)


def good() -> Any:
    """The same on 256 positions, batch 16: as many positions in all."""
    return _step(256, batch=16)


def half_the_positions() -> Any:
    return _step(512)


def dropout_of_scores() -> Any:
    return _step(1024, dropout=0.1)


def facts() -> dict[str, Any]:
    layer = keras.layers.MultiHeadAttention(2, 4, flash_attention=True)
    x = np.zeros((1, 8, 8), "float32")
    return {"flash_attention_on_TensorFlow": error_of(lambda: layer(x, x))}


def _step(positions: int, batch: int = BATCH, **options: Any) -> Any:
    start = keras.Input((positions, WIDTH))
    x = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS, **options)(start, start)
    model = keras.Model(start, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(x)))
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((batch, positions, WIDTH), "float32"), np.zeros((batch, 1), "float32"))
    return model
