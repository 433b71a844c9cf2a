"""KM605 layer-created-in-call: what is made in `call` or `train_step` is made again in each trace, and fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

REASON = "the second trace raises an error; the rule is about that"

LAYERS: dict[str, Callable[[Any], Any]] = {
    "Dense": lambda library: library.layers.Dense(4),
    "BatchNormalization": lambda library: library.layers.BatchNormalization(),
    "Dropout": lambda library: library.layers.Dropout(0.5),
    "ReLU": lambda library: library.layers.ReLU(),
    "Concatenate": lambda library: lambda x: library.layers.Concatenate()([x, x]),
}


def facts() -> dict[str, Any]:
    import tf_keras

    found: dict[str, Any] = {}
    for library in (keras, tf_keras):
        for name, make in LAYERS.items():
            found[f"{library.__name__}_{name}_in_call_of_a_layer"] = _outcome(library, _layer(library, make))
        found[f"{library.__name__}_Dense_in_Lambda"] = _outcome(library, _lambda(library))
        for what in ("optimizer", "tf.Variable", "metric"):
            found[f"{library.__name__}_{what}_in_train_step"] = _outcome(library, None, what)
    eager = _layer(keras, LAYERS["Dense"])
    x = np.ones((2, 4), "float32")
    first, second = np.array(eager(x)), np.array(eager(x))
    found["the_same_input_twice_through_a_layer_that_makes_a_Dense"] = (
        "same" if (first == second).all() else "different outputs"
    )
    found["weights_it_trains"] = len(eager.trainable_weights)
    return found


def _layer(library: Any, make: Callable[[Any], Any]) -> Any:
    class Made(library.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            return make(library)(x)

    return Made()


def _lambda(library: Any) -> Any:
    options = {"output_shape": (4,)} if library is keras else {}

    def apply(x: Any) -> Any:
        return library.layers.Dense(4)(x)

    return library.layers.Lambda(apply, **options)


def _outcome(library: Any, layer: Any, in_step: str = "") -> str:
    """`trains` or the error that two epochs of training raise."""
    x = np.ones((8, 4), "float32")
    layers = [library.Input((4,)), *([layer] if layer is not None else []), library.layers.Dense(1)]
    try:
        model = _stepping(library, in_step)(layers) if in_step else library.Sequential(layers)
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], epochs=2, verbose=0)
    except ValueError as error:
        return (
            "ValueError: singleton variables"
            if "singleton" in str(error)
            else "ValueError: untracked variables"
        )
    return f"trains {len(model.trainable_weights)} weights"


def _stepping(library: Any, what: str) -> Any:
    import tensorflow as tf

    class Stepping(library.Sequential):  # type: ignore[misc,name-defined]
        def train_step(self, data: Any) -> Any:
            x, y = data
            optimizer = library.optimizers.SGD() if what == "optimizer" else self.optimizer
            if what == "tf.Variable":
                tf.Variable(0.0)
            if what == "metric":
                library.metrics.Mean().update_state(0.0)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self(x) - y))
            gradients = tape.gradient(loss, self.trainable_variables)
            optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            return {"loss": loss}

    return Stepping
