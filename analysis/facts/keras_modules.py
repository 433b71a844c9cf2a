"""Modules, methods and arguments that ended with a version of Keras: whoever uses one runs that version or an older one.

Modules are those of standalone Keras, whose wheels held the whole source until 2.12. Read from the files of keras-team/keras
at its tags 1.2.2 to v2.15.0. Where a module outlived a name that was in it, the name has a row.
"""

from __future__ import annotations

LAST_MODULES: tuple[tuple[tuple[int, int], str, tuple[str, ...]], ...] = (
    ((1, 2), "keras.", ("initializations", "layers.recurrent_convolutional", "utils.visualize_util")),
    ((2, 1), "keras.", ("legacy.models", "utils.training_utils")),
    (
        (2, 3),
        "keras.backend.",
        ("cntk_backend", "common", "load_backend", "numpy_backend", "tensorflow_backend", "theano_backend"),
    ),
    (
        (2, 3),
        "keras.",
        (
            "callbacks.callbacks",
            "engine.training_arrays",
            "engine.training_generator",
            "layers.convolutional.AtrousConvolution2D",
            "layers.recurrent.Recurrent",
            "legacy.interfaces",
            "legacy.layers",
        ),
    ),
    (
        (2, 4),
        "keras.",
        (
            "engine.Input",
            "engine.InputLayer",
            "engine.InputSpec",
            "engine.Layer",
            "engine.Model",
            "engine.network",
            "engine.topology",
            "layers.normalization.BatchNormalization",
            "objectives",
            "utils.io_utils.HDF5Matrix",
            "utils.test_utils",
        ),
    ),
    (
        (2, 8),
        "keras.",
        (
            "layers.advanced_activations",
            "layers.convolutional_recurrent",
            "layers.cudnn_recurrent",
            "layers.embeddings",
            "layers.local",
            "layers.merge",
            "layers.recurrent",
            "layers.wrappers",
            "utils.multi_gpu_utils",
        ),
    ),
    (
        (2, 12),
        "keras.",
        (
            "engine",
            "layers.convolutional",
            "layers.core",
            "layers.noise",
            "layers.normalization",
            "layers.pooling",
            "utils.conv_utils",
            "utils.data_utils",
            "utils.generic_utils",
            "utils.layer_utils",
            "utils.np_utils",
            "utils.vis_utils",
            "wrappers.scikit_learn",
        ),
    ),
)
_LAST = {root + name: version for version, root, names in LAST_MODULES for name in names}

# Methods of models. Whoever calls `predict_classes` has standalone Keras 2.4 or older, or TensorFlow 2.5 or older.
LAST_METHODS = {
    "keras.Model.predict_classes": (2, 5),
    "keras.Model.predict_proba": (2, 5),
    "keras.Model.evaluate_generator": (2, 15),
    "keras.Model.fit_generator": (2, 15),
    "keras.Model.predict_generator": (2, 15),
}
# Keyword arguments that Keras 3 raises at: of all optimizers, and of one callback.
OLD_OPTIMIZER_ARGUMENTS = frozenset(["lr", "schedule_decay"])
OLD_CHECKPOINT_ARGUMENT = "period"


def last_keras(dotted: str) -> tuple[int, int] | None:
    """The last standalone Keras from which ``dotted`` can be imported; None where it is not known to have ended."""
    found: tuple[int, int] | None = None
    at = dotted.find(".")
    while at > 0:
        at = dotted.find(".", at + 1)
        version = _LAST.get(dotted if at < 0 else dotted[:at])
        found = version if found is None or (version is not None and version < found) else found
    return found
