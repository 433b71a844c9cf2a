"""Calls that end a script: those that never come back, and those that raise on every Keras there was.

The words are the union over Keras 1, 2 and 3 and TensorFlow's own Keras; ``tests/facts/test_live_ending.py`` asks those
that are installed.
"""

from __future__ import annotations

import builtins

EXITS = frozenset(["builtins.exit", "builtins.quit", "os._exit", "os.abort", "sys.exit"])
# Modules of Keras without their last letter, as they are misspelt: no Keras ever had them.
NO_MODULES = (
    "keras.activation.",
    "keras.application.",
    "keras.callback.",
    "keras.constraint.",
    "keras.dataset.",
    "keras.initializer.",
    "keras.layer.",
    "keras.metric.",
    "keras.model.",
    "keras.optimizer.",
    "keras.regularizer.",
    "keras.util.",
)
_SPATIAL = [
    "Conv",
    "MaxPooling",
    "AveragePooling",
    "GlobalMaxPooling",
    "GlobalAveragePooling",
    "UpSampling",
    "ZeroPadding",
    "Cropping",
]
_COMPILE = (
    "optimizer loss metrics loss_weights weighted_metrics run_eagerly steps_per_execution jit_compile auto_scale_loss "
    "sample_weight_mode target_tensors class_mode pss_evaluation_shards cloning distribute from_serialized "
    "experimental_run_tf_function experimental_steps_per_execution theano_mode"
)
# What Keras 2 handed on to TensorFlow 1 and to Theano.
_FUNCTION = (
    "feed_dict fetches options run_metadata accept_inplace allow_input_downcast givens mode name no_default_updates "
    "on_unused_input profile rebuild_strict updates"
)
_FIT = (
    "x y batch_size epochs nb_epoch verbose callbacks validation_split validation_data shuffle class_weight sample_weight "
    "initial_epoch steps_per_epoch validation_steps validation_batch_size validation_freq max_queue_size workers "
    "use_multiprocessing max_q_size nb_worker pickle_safe show_accuracy"
)
# Every keyword that some Keras takes.
KEYWORDS = {
    "keras.Model.compile": frozenset(f"{_COMPILE} {_FUNCTION}".split()),
    "keras.Model.fit": frozenset(_FIT.split()),
}
# Parameters that every Keras that has the method takes in this order: none can be given by name and by its position.
POSITIONS = {
    "keras.Model.fit": ("x", "y", "batch_size"),
    "keras.Model.fit_generator": ("generator", "steps_per_epoch"),
}
# The fewest axes of what a layer takes, in every Keras that has the layer; more are not always refused.
RANKS = {
    **{f"{name}1D": 3 for name in _SPATIAL},
    **{f"{name}2D": 4 for name in _SPATIAL},
    **{f"{name}3D": 5 for name in _SPATIAL if name != "UpSampling"},
    **dict.fromkeys(("Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D"), 4),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), 3),
}
# The models whose methods are known to be Keras's own.
OWN_KINDS = ("application", "functional", "sequential")
# Those of them that Keras 2 and 3 refuse samples of another size for; a sequential model Keras 3 builds anew.
SIZED_KINDS = ("application", "functional")
# Names that are bound without a word of the script: by Python 3, by Python 2, by newer ones than this, and by what runs scripts
# (profilers, Spark, Databricks, Snakemake, SCons, IPython).
GIVEN_NAMES = frozenset(dir(builtins)) | frozenset(
    [
        "apply",
        "basestring",
        "buffer",
        "cmp",
        "coerce",
        "execfile",
        "file",
        "intern",
        "long",
        "raw_input",
        "reduce",
        "reload",
        "unichr",
        "unicode",
        "xrange",
        "BaseExceptionGroup",
        "ExceptionGroup",
        "EncodingWarning",
        "PythonFinalizationError",
        "WindowsError",
        "profile",
        "ic",
        "spark",
        "sc",
        "sqlContext",
        "dbutils",
        "display",
        "snakemake",
        "Import",
        "Return",
        "In",
        "Out",
        "get_config",
        "get_ipython",
    ]
)
# What `with` gives that lets every error out, by the last part of its name: `open(…)`, `strategy.scope()`, `tf.device(…)`.
RAISING_CONTEXTS = frozenset(
    ["open", "device", "scope", "as_default", "Session", "GradientTape", "name_scope"]
)
