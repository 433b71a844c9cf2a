"""KM302: the note names the policy in force, not the first one of the script."""

from __future__ import annotations

from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import check_source

SCRIPT = (
    "import keras\n"
    "keras.mixed_precision.set_global_policy('float32')\n"
    "keras.mixed_precision.set_global_policy('mixed_float16')\n"
    "model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(2)])\n"
    "model.compile('adam', 'mse')\n"
)


def test_the_policy_in_force_is_named() -> None:
    (found,) = check_source(Source("train.py", SCRIPT), codes={"KM302"}, settings=Settings()).diagnostics
    assert [note.location.row for note in found.related] == [3]
