"""KM202 says what the elements of a shuffle buffer were before they were decoded."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = """import glob
import numpy as np
import tensorflow as tf

def load(given):
    return tf.image.resize(tf.image.decode_jpeg({read}, channels=3), (224, 224))

given = {given}
ds = tf.data.Dataset.from_tensor_slices(given).map(load).shuffle(1000).batch(32)
model.fit(ds)
"""


@pytest.mark.parametrize(
    ("given", "read", "words"),
    [
        ("glob.glob('*.jpg')", "tf.io.read_file(given)", "file names"),
        ("np.array(glob.glob('*.jpg'))", "tf.io.read_file(given)", "file names"),
        ("[open(name, 'rb').read() for name in glob.glob('*.jpg')]", "given", "serialized records"),
    ],
)
def test_the_message_names_what_was_decoded(given: str, read: str, words: str) -> None:
    source = Source("train.py", SCRIPT.format(given=given, read=read))
    (found,) = check_source(source, codes={"KM202"}, settings=Settings()).diagnostics
    assert f"instead of {words}" in found.message
