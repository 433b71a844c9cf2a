"""KM802 nonexistent-pruning-api: names that articles use for pruning and that no Keras ever had."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "no memory effect: the rule is about names that do not exist"

NAMES = {
    "Layer.set_pruning": "keras.layers.Dense(1).set_pruning",
    "callbacks.experimental": "keras.callbacks.experimental",
    "callbacks.experimental.PolynomialDecay": "keras.callbacks.experimental.PolynomialDecay",
    "callbacks.PolynomialDecay": "keras.callbacks.PolynomialDecay",
    "layers.prune_low_magnitude": "keras.layers.prune_low_magnitude",
    "pruning": "keras.pruning",
    "sparsity": "keras.sparsity",
    "models.prune_low_magnitude": "keras.models.prune_low_magnitude",
}
FLAVOURS = {
    "keras": "import keras",
    "tf.keras": "import tensorflow as tf; keras = tf.keras",
    "tf_keras": "import tf_keras as keras",
}
SCHEDULE = (
    "import tensorflow as tf, tf_keras\nimport tensorflow_model_optimization as tfmot\n"
    "schedule = {schedule}\n"
    "model = tf_keras.Sequential([tf_keras.layers.Dense(4, input_shape=(3,))])\n"
    "model = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)\n"
    "model.compile('sgd', 'mse')\nones = tf.ones((4, 3)), tf.ones((4, 4))\n"
    "model.fit(*ones, verbose=0, callbacks=[tfmot.sparsity.keras.UpdatePruningStep()]); print('trains')"
)


def facts() -> dict[str, Any]:
    return {**fresh.outcomes(_lookups()), **fresh.outcomes(_schedules())}


def _lookups() -> dict[str, str]:
    """One process a flavour: every name that is there, or `none of them`."""
    listed = repr(list(NAMES.values()))
    check = (
        f"\nfound = []\nfor name in {listed}:\n    try: eval(name)\n    except AttributeError: pass\n"
        "    else: found.append(name)\nprint(', '.join(found) or 'none of them')"
    )
    found = {f"existing_in_{flavour}": start + check for flavour, start in FLAVOURS.items()}
    errors = {
        "error_of_set_pruning": "import keras; keras.layers.Dense(1).set_pruning(0.5)",
        "error_of_callbacks_experimental": "import tensorflow as tf; tf.keras.callbacks.experimental.PolynomialDecay()",
    }
    return found | errors


def _schedules() -> dict[str, str]:
    return {
        "learning_rate_PolynomialDecay_as_pruning_schedule": SCHEDULE.format(
            schedule="tf_keras.optimizers.schedules.PolynomialDecay(0.1, 100)"
        ),
        "tfmot_PolynomialDecay_with_initial_learning_rate": SCHEDULE.format(
            schedule="tfmot.sparsity.keras.PolynomialDecay(initial_learning_rate=0.1, decay_steps=100)"
        ),
        "tfmot_PolynomialDecay_with_sparsities": SCHEDULE.format(
            schedule="tfmot.sparsity.keras.PolynomialDecay(0.0, 0.5, begin_step=0, end_step=100)"
        ),
    }
