"""Calls that end a script: those that never come back, and those that raise on every Keras there was.

The words are the union over Keras 1, 2 and 3 and TensorFlow's own Keras; ``tests/facts/test_live_ending.py`` asks those
that are installed.
"""

from __future__ import annotations

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
# The models whose methods are known to be Keras's own.
OWN_KINDS = ("application", "functional", "sequential")
