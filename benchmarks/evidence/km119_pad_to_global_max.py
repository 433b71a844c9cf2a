"""KM119 pad-to-global-max: one long sample decides on the width of the table and on the layers along it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

COUNT, WORDS, BATCH, USUAL = 8000, 5000, 32, 200


def prepare(_: Any) -> Any:
    """8,000 texts of some 100 words, 95 % of them below 200; one of 4,000."""
    draw = np.random.default_rng(0)
    lengths = np.minimum(draw.lognormal(4.5, 0.5, COUNT).astype(int) + 1, 1000)
    lengths[0] = 4000
    return [draw.integers(1, WORDS, length).tolist() for length in lengths]


def bad(texts: Any) -> Any:
    x = keras.utils.pad_sequences(texts)
    _train(x)
    return x


def good(texts: Any) -> Any:
    x = keras.utils.pad_sequences(texts, maxlen=USUAL)
    _train(x)
    return x


def padded_only(texts: Any) -> Any:
    """The table alone."""
    return keras.utils.pad_sequences(texts)


def facts(texts: Any) -> dict[str, Any]:
    lengths = sorted(len(text) for text in texts)
    x = keras.utils.pad_sequences(texts)
    return {
        "words_of_the_95th_percentile": lengths[len(lengths) * 95 // 100],
        "share_of_padding_with_the_longest": round(float((x == 0).mean()), 3),
        "share_of_padding_with_200": round(
            float((keras.utils.pad_sequences(texts, maxlen=USUAL) == 0).mean()), 3
        ),
    }


def _train(x: Any) -> None:
    layers = [keras.layers.Embedding(WORDS, 32), keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile("sgd", "mse")
    for start in range(0, 20 * BATCH, BATCH):
        model.train_on_batch(x[start : start + BATCH], np.zeros(BATCH))
