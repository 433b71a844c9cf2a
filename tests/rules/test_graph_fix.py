"""KM507's fix is not offered where the step does what a graph cannot: give tensors to NumPy and others."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = """import librosa
import numpy as np
import tensorflow as tf
ds = tf.data.Dataset.from_tensor_slices((x, y)).batch(32).prefetch(2)
model = tf.keras.models.load_model("start.keras")
optimizer = tf.keras.optimizers.Adam()
def step(sounds):
    {line}
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(sounds))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.weights), model.weights))
for sounds, _ in ds:
    step(sounds)
"""


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("sounds = tf.reverse(sounds, [1])", True),
        ("sounds = np.flip(sounds, axis=1)", False),
        ("sounds = librosa.effects.harmonic(sounds)", False),
    ],
)
def test_a_graph_is_offered_where_all_is_tensorflow(line: str, fixed: bool) -> None:
    source = Source("train.py", SCRIPT.format(line=line))
    (found,) = check_source(source, codes={"KM507"}, settings=Settings()).diagnostics
    assert bool(found.fixes) == fixed
