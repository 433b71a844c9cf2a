"""All tables of facts in one dictionary."""

from __future__ import annotations

from keras_memlint.analysis.facts.images import IMAGES
from keras_memlint.analysis.facts.imgaug import ANY, AUGMENTERS, IMGAUG
from keras_memlint.analysis.facts.keras_models import KERAS_MODELS
from keras_memlint.analysis.facts.keras_networks import KERAS_NETWORKS
from keras_memlint.analysis.facts.keras_tuner import KERAS_TUNER
from keras_memlint.analysis.facts.keras_utils import KERAS_UTILS
from keras_memlint.analysis.facts.numpy_files import NUMPY_FILES
from keras_memlint.analysis.facts.numpy_joining import NUMPY_JOINING
from keras_memlint.analysis.facts.numpy_making import NUMPY_MAKING
from keras_memlint.analysis.facts.numpy_shaping import NUMPY_SHAPING
from keras_memlint.analysis.facts.numpy_statistics import NUMPY_STATISTICS
from keras_memlint.analysis.facts.pandas import PANDAS
from keras_memlint.analysis.facts.python_containers import PYTHON_CONTAINERS
from keras_memlint.analysis.facts.python_dicts import PYTHON_DICTS
from keras_memlint.analysis.facts.python_iteration import PYTHON_ITERATION
from keras_memlint.analysis.facts.python_numbers import PYTHON_NUMBERS
from keras_memlint.analysis.facts.python_outside import PYTHON_OUTSIDE
from keras_memlint.analysis.facts.sklearn import SKLEARN
from keras_memlint.analysis.facts.sklearn_data import SKLEARN_DATA
from keras_memlint.analysis.facts.table import Fact, table
from keras_memlint.analysis.facts.tensor_specs import TENSOR_SPECS
from keras_memlint.analysis.facts.tensorflow import TENSORFLOW
from keras_memlint.analysis.facts.tf_data import TF_DATA
from keras_memlint.analysis.facts.tf_distribute import TF_DISTRIBUTE
from keras_memlint.analysis.facts.tfds import TFDS
from keras_memlint.analysis.facts.tflite import TFLITE
from keras_memlint.analysis.facts.ufuncs import UFUNCS

FACTS: dict[str, Fact] = table(
    *(
        row
        for rows in (
            IMAGES,
            IMGAUG,
            KERAS_MODELS,
            KERAS_NETWORKS,
            KERAS_TUNER,
            KERAS_UTILS,
            NUMPY_FILES,
            NUMPY_JOINING,
            NUMPY_MAKING,
            NUMPY_SHAPING,
            NUMPY_STATISTICS,
            PANDAS,
            PYTHON_CONTAINERS,
            PYTHON_DICTS,
            PYTHON_ITERATION,
            PYTHON_NUMBERS,
            PYTHON_OUTSIDE,
            SKLEARN,
            SKLEARN_DATA,
            TENSORFLOW,
            TFDS,
            TFLITE,
            TENSOR_SPECS,
            TF_DATA,
            TF_DISTRIBUTE,
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
    if name.startswith(AUGMENTERS):
        return FACTS.get(ANY + name.rpartition(".")[2])
    return None
