"""KM601's fix is there only where each evaluation of the call is known to be one batch on one device."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = """import numpy as np
import tensorflow as tf
from tensorflow import keras

{before}
model = keras.models.load_model("model.keras")

def score(x):
    return model.predict(x{given})

for frame in frames:
    score(np.expand_dims(frame, axis=0))
{after}
"""


@pytest.mark.parametrize(
    ("before", "given", "after", "fixed"),
    [
        ("", "", "", True),
        ("", ", verbose=0", "", True),
        ("", ", batch_size=1024", "score(everything())", False),
        ("", ", batch_size=next(sizes)", "", False),
        ("strategy = tf.distribute.MirroredStrategy()", "", "", False),
    ],
)
def test_predict_on_batch_is_offered_where_it_is_the_same(
    before: str, given: str, after: str, fixed: bool
) -> None:
    source = Source("train.py", SCRIPT.format(before=before, given=given, after=after))
    (found,) = check_source(source, codes={"KM601"}, settings=Settings()).diagnostics
    assert bool(found.fixes) == fixed
