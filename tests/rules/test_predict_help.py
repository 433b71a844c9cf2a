"""What KM601 says to do: samples are collected only where nothing is learnt between them."""

from __future__ import annotations

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

_START = """\
import random
import numpy as np
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
model.compile("adam", "mse")
"""


def _help(text: str) -> str:
    found = check_source(Source("play.py", _START + text), codes=("KM601",), settings=Settings())
    (only,) = found.diagnostics
    return only.help or ""


def test_samples_that_are_there_are_predicted_at_once() -> None:
    said = _help("for name in open('names.txt'):\n    print(model.predict(read(name).reshape(1, 4)))\n")
    assert "all samples at once" in said


def test_each_sample_has_the_weights_of_its_turn_where_the_loop_trains() -> None:
    said = _help(
        "for state, wanted in random.sample(memory, 64):\n"
        "    wanted += np.amax(model.predict(state.reshape(1, 4))[0])\n"
        "    model.fit(state.reshape(1, 4), wanted, verbose=0)\n"
    )
    assert said == "call `predict_on_batch`"
