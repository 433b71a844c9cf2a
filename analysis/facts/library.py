"""All tables of facts in one dictionary."""

from __future__ import annotations

from keras_memlint.analysis.facts.images import IMAGES
from keras_memlint.analysis.facts.keras_models import KERAS_MODELS
from keras_memlint.analysis.facts.keras_utils import KERAS_UTILS
from keras_memlint.analysis.facts.numpy import NUMPY
from keras_memlint.analysis.facts.pandas import PANDAS
from keras_memlint.analysis.facts.python import PYTHON
from keras_memlint.analysis.facts.sklearn import SKLEARN
from keras_memlint.analysis.facts.sklearn_data import SKLEARN_DATA
from keras_memlint.analysis.facts.table import Fact, table
from keras_memlint.analysis.facts.tensorflow import TENSORFLOW
from keras_memlint.analysis.facts.tf_data import TF_DATA
from keras_memlint.analysis.facts.tfds import TFDS
from keras_memlint.analysis.facts.ufuncs import UFUNCS

FACTS: dict[str, Fact] = table(
    *(
        row
        for rows in (
            IMAGES,
            KERAS_MODELS,
            KERAS_UTILS,
            NUMPY,
            PANDAS,
            PYTHON,
            SKLEARN,
            SKLEARN_DATA,
            TENSORFLOW,
            TFDS,
            TF_DATA,
            UFUNCS,
        )
        for row in rows.values()
    )
)
# Names that hold the rest of a family: a class's method is looked up under its base.
_FAMILIES = (
    ("builtins.tuple.", "builtins.list."),
    ("builtins.generator.", "builtins.list."),
    ("builtins.set.", "builtins.list."),
    ("builtins.range.", "builtins.list."),
    ("tf.Tensor.", "numpy.ndarray."),
    ("pandas.Series.", "pandas.DataFrame."),
    ("keras.Sequential.", "keras.Model."),
)


def find_fact(name: str) -> Fact | None:
    """The fact of the family ``name`` belongs to, None when there is none."""
    for prefix, base in _FAMILIES:
        if name.startswith(prefix):
            return FACTS.get(base + name[len(prefix) :])
    return None
