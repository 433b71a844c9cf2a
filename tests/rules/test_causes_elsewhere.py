"""Findings whose cause is in another file, as they are told in the script that leads there."""

from __future__ import annotations

from pathlib import Path

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

LOADERS = """\
import tensorflow as tf


def load():
    train = tf.data.Dataset.list_files("train/*.png").map(read, num_parallel_calls=8).batch(16)
    test = tf.data.Dataset.list_files("test/*.png").map(read, num_parallel_calls=8).batch(16)
    return train, test
"""
SCRIPT = """\
import keras
from loaders import load

model = keras.models.load_model("start.keras")
train, test = load()
model.evaluate(train)
model.evaluate(test)
"""


def test_causes_of_one_kind_are_told_once_where_one_call_leads_to_them(tmp_path: Path) -> None:
    (tmp_path / "loaders.py").write_text(LOADERS, encoding="utf-8")
    path = str(tmp_path / "train.py")
    found = check_source(Source(path, SCRIPT), codes={"KM207"}, settings=Settings()).diagnostics
    (only,) = found
    assert (only.location.row, only.elsewhere) == (5, True)
    cause = only.related[0]
    assert (Path(cause.filename).name, cause.location.row) == ("loaders.py", 5)
    own = check_source(
        Source(path, LOADERS + SCRIPT.replace("from loaders import load\n", "")),
        codes={"KM207"},
        settings=Settings(),
    )
    assert [one.location.row for one in own.diagnostics] == [5, 6]


MIXIN = """\
import numpy as np


class Preprocess:
    def normalise(self, images):
        return (images / 255.0).astype(np.float32)
"""
TRAINER = """\
from tensorflow import keras


class Trainer:
    def run(self):
        (images, labels), _ = keras.datasets.cifar10.load_data()
        self.model.fit(self.normalise(images), labels)
"""
NETWORK = """\
from tensorflow import keras

from base import Trainer
from preprocess import Preprocess


class Network(Preprocess, Trainer):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
"""


def test_what_no_line_of_the_script_leads_to_is_not_told(tmp_path: Path) -> None:
    """Else each script that has the class says the same of a third file."""
    (tmp_path / "preprocess.py").write_text(MIXIN, encoding="utf-8")
    (tmp_path / "base.py").write_text(TRAINER, encoding="utf-8")

    def found(code: str) -> list[tuple[int, str]]:
        source = Source(str(tmp_path / "network.py"), code)
        diagnostics = check_source(source, codes={"KM102"}, settings=Settings()).diagnostics
        return [(one.location.row, Path(one.related[0].filename).name) for one in diagnostics]

    assert found(NETWORK) == []
    assert found(f"{NETWORK}\n\nNetwork().run()\n") == [(11, "preprocess.py")]
