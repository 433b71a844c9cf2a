"""KM507's fix is not offered where the step gives tensors to a library that may not know them; silent where none does."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source

SCRIPT = """import sounds_of_birds
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
        ("sounds = sounds_of_birds.louder(sounds)", False),
    ],
)
def test_a_graph_is_offered_where_all_is_tensorflow(line: str, fixed: bool) -> None:
    (found,) = _found(line)
    assert bool(found.fixes) == fixed


@pytest.mark.parametrize("call", ["np.flip(sounds, axis=1)", "librosa.effects.harmonic(sounds)"])
def test_nothing_is_said_where_a_library_works_on_values(call: str) -> None:
    assert not _found(f"import librosa; sounds = {call}")


def _found(line: str) -> list[Diagnostic]:
    source = Source("train.py", SCRIPT.format(line=line))
    return check_source(source, codes={"KM507"}, settings=Settings()).diagnostics
