"""Every spelling of an API under one canonical name, with the flavour it was written in.

``tf.keras.layers.Dense``, ``keras.layers.core.Dense`` and ``tf_keras.layers.Dense`` are all ``keras.layers.Dense``;
the flavour says which: ``keras``, ``tf.keras``, ``tf_keras`` or ``""`` for everything else. Names are those of
import paths, so a user's own module that shadows one is resolved before this table is asked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Flavour = Literal["keras", "tf.keras", "tf_keras", ""]

# Longest first: the first match decides.
_ROOTS: tuple[tuple[str, str, Flavour], ...] = (
    ("tensorflow.python.keras", "keras", "tf.keras"),
    ("tensorflow.compat.v1.keras", "keras", "tf.keras"),
    ("tensorflow.compat.v2.keras", "keras", "tf.keras"),
    ("tensorflow.contrib.keras", "keras", "tf.keras"),
    ("tensorflow.keras", "keras", "tf.keras"),
    ("tf_keras", "keras", "tf_keras"),
    ("keras_core", "keras", "keras"),
    ("keras.api._v2.keras", "keras", "keras"),
    ("keras.src", "keras", "keras"),
    ("keras.api", "keras", "keras"),
    ("keras", "keras", "keras"),
    ("tensorflow.compat.v1", "tf", ""),
    ("tensorflow.compat.v2", "tf", ""),
    ("tensorflow", "tf", ""),
    ("tensorflow_cpu", "tf", ""),
    ("tensorflow_model_optimization.python.core.keras.compat.keras", "keras", "tf_keras"),
    ("tensorflow_model_optimization.sparsity.keras", "tfmot.sparsity.keras", ""),
    ("tensorflow_model_optimization", "tfmot", ""),
    ("tensorflow_datasets", "tfds", ""),
    ("tensorflow_hub", "hub", ""),
    ("tensorflow_addons", "tfa", ""),
    ("kerastuner", "keras_tuner", ""),
    ("keras_preprocessing", "keras.preprocessing", "keras"),
    ("matplotlib.pyplot", "plt", ""),
)
# Modules that group classes: what they hold is reached one level up as well.
_FLATTENED = (
    "keras.layers",
    "keras.optimizers",
    "keras.callbacks",
    "keras.losses",
    "keras.metrics",
    "keras.applications",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
)
_RENAMED = {
    "keras.Model": "keras.Model",
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.engine.training.Model": "keras.Model",
    "keras.engine.sequential.Sequential": "keras.Sequential",
    "keras.engine.Model": "keras.Model",
    "keras.layers.Input": "keras.Input",
    "keras.utils.np_utils.to_categorical": "keras.utils.to_categorical",
    "keras.utils.all_utils.to_categorical": "keras.utils.to_categorical",
    "keras.utils.Sequence": "keras.utils.PyDataset",
    "keras.utils.data_utils.Sequence": "keras.utils.PyDataset",
    "keras.preprocessing.image.load_img": "keras.utils.load_img",
    "keras.preprocessing.image.img_to_array": "keras.utils.img_to_array",
    "keras.preprocessing.image.array_to_img": "keras.utils.array_to_img",
    "keras.preprocessing.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.image.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.text_dataset_from_directory": "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.sequence.pad_sequences": "keras.utils.pad_sequences",
    "keras.mixed_precision.set_global_policy": "keras.mixed_precision.set_dtype_policy",
    "keras.config.set_dtype_policy": "keras.mixed_precision.set_dtype_policy",
    "keras.mixed_precision.Policy": "keras.mixed_precision.DTypePolicy",
    "keras.dtype_policies.DTypePolicy": "keras.mixed_precision.DTypePolicy",
    "keras.DTypePolicy": "keras.mixed_precision.DTypePolicy",
    "keras.config.set_floatx": "keras.backend.set_floatx",
    "keras_applications.imagenet_utils._obtain_input_shape": "keras.applications.imagenet_utils._obtain_input_shape",
    "keras.utils.clear_session": "keras.backend.clear_session",
    "tf.data.experimental.AUTOTUNE": "tf.data.AUTOTUNE",
    "tf.image.decode_image": "tf.io.decode_image",
    "tf.image.decode_jpeg": "tf.io.decode_jpeg",
    "tf.image.decode_png": "tf.io.decode_png",
    "tf.image.decode_bmp": "tf.io.decode_bmp",
    "tf.image.decode_gif": "tf.io.decode_gif",
    "tf.read_file": "tf.io.read_file",
    "tf.decode_raw": "tf.io.decode_raw",
    "tf.parse_single_example": "tf.io.parse_single_example",
    "tf.parse_example": "tf.io.parse_example",
    "tf.config.set_visible_devices": "tf.config.set_visible_devices",
    "tf.config.experimental.set_visible_devices": "tf.config.set_visible_devices",
    "tf.config.experimental.list_physical_devices": "tf.config.list_physical_devices",
    "tf.config.experimental.list_logical_devices": "tf.config.list_logical_devices",
    "tf.config.experimental.set_virtual_device_configuration": "tf.config.set_logical_device_configuration",
    "tf.config.run_functions_eagerly": "tf.config.run_functions_eagerly",
    "numpy.lib.format.open_memmap": "numpy.lib.format.open_memmap",
    "numpy.asanyarray": "numpy.asarray",
    "scipy.misc.imread": "imageio.imread",
    "imageio.v2.imread": "imageio.imread",
    "imageio.v3.imread": "imageio.imread",
    "plt.imread": "plt.imread",
    "matplotlib.image.imread": "plt.imread",
    "skimage.io.imread": "skimage.io.imread",
    "sklearn.cross_validation.train_test_split": "sklearn.model_selection.train_test_split",
    "keras_tuner.tuners.Hyperband": "keras_tuner.Hyperband",
    "keras_tuner.tuners.RandomSearch": "keras_tuner.RandomSearch",
    "keras_tuner.tuners.BayesianOptimization": "keras_tuner.BayesianOptimization",
    "keras_tuner.engine.hypermodel.HyperModel": "keras_tuner.HyperModel",
    "keras_tuner.engine.hyperparameters.HyperParameters": "keras_tuner.HyperParameters",
    "six.moves.range": "builtins.range",
    "six.moves.xrange": "builtins.range",
    "six.moves.zip": "builtins.zip",
    "PIL.Image.Image.open": "PIL.Image.open",
    "Image.open": "PIL.Image.open",
}


@lru_cache(maxsize=8192)
def canonical(dotted: str) -> tuple[str, Flavour]:
    """The canonical name and flavour of an absolute dotted name: ``("keras.layers.Dense", "tf.keras")``."""
    name, flavour = dotted, ""
    for root, replacement, kind in _ROOTS:
        if dotted == root or dotted.startswith(root + "."):
            name, flavour = replacement + dotted[len(root) :], kind
            break
    renamed = _RENAMED.get(name)
    if renamed is None and flavour:
        name = _flatten(name)
        renamed = _RENAMED.get(name)
    return renamed or name, flavour  # type: ignore[return-value]


def _flatten(name: str) -> str:
    """``keras.layers.core.Dense`` is ``keras.layers.Dense``: only the last part of a class's path counts."""
    head, _, last = name.rpartition(".")
    if not last[:1].isupper() and head.startswith("keras.applications."):
        return name
    for group in _FLATTENED:
        whole = last[:1].isupper() or group == "keras.models" or head.startswith("keras.layers.merg")
        if head.startswith(group + ".") and whole:
            if any(part in head for part in (".experimental", ".legacy", ".schedules", "preprocessing")):
                return name
            return f"{group}.{last}"
    return name
