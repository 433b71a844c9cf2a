"""KM513: bytes where all copies are known, and that it is a warning then."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = """\
import keras

class Keep(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        BODY

    def on_train_end(self, logs=None):
        print(len(self.weights))

model = keras.Sequential([keras.Input((1000,)), keras.layers.Dense(1000, use_bias=False)])
model.compile("adam", "mse")
model.fit(x, y, epochs=500, callbacks=[Keep()MORE])
"""
KEEPS = "self.weights.append(self.model.get_weights())"


@pytest.mark.parametrize(
    ("body", "more", "told"),
    [
        (KEEPS, "", ("warning", 1000 * 1000 * 4 * 500)),
        (f"if epoch % 25 == 0:\n            {KEEPS}", "", ("info", None)),
        (f"{KEEPS}\n        self.weights = self.weights[-2:]", "", ("info", None)),
        (f"{KEEPS}\n        self.model.stop_training = epoch > 9", "", ("info", None)),
        (KEEPS, ", keras.callbacks.EarlyStopping()", ("info", None)),
    ],
)
def test_bytes_are_those_of_all_epochs(body: str, more: str, told: tuple[str, int | None]) -> None:
    source = Source("train.py", SCRIPT.replace("BODY", body).replace("MORE", more))
    (found,) = check_source(source, codes={"KM513"}, settings=Settings()).diagnostics
    assert (found.severity, found.bytes) == told
