"""KM506 persistent-tape: a persistent tape keeps the activations after the gradients are known, until it is dropped."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

BATCH, SIZE = 32, 96


def bad() -> Any:
    """The gradient of four convolutions, computed while a persistent tape still records."""
    with tf.GradientTape(persistent=True) as tape:
        loss, weights = _loss()
        return tape.gradient(loss, weights)


def good() -> Any:
    """Computed after the `with`."""
    with tf.GradientTape(persistent=True) as tape:
        loss, weights = _loss()
    return tape.gradient(loss, weights)


def plain() -> Any:
    """A tape that is not persistent."""
    with tf.GradientTape() as tape:
        loss, weights = _loss()
    return tape.gradient(loss, weights)


def plain_inside_its_with() -> Any:
    with tf.GradientTape() as tape:
        loss, weights = _loss()
        return tape.gradient(loss, weights)


def next_step_while_a_persistent_tape_lives() -> Any:
    """Two steps; the first one's tape has a name still."""
    with tf.GradientTape(persistent=True) as first:
        loss, weights = _loss()
    first.gradient(loss, weights)
    with tf.GradientTape() as second:
        loss, weights = _loss()
    return first, second.gradient(loss, weights)


def next_step_while_a_plain_tape_lives() -> Any:
    with tf.GradientTape() as first:
        loss, weights = _loss()
    first.gradient(loss, weights)
    with tf.GradientTape() as second:
        loss, weights = _loss()
    return first, second.gradient(loss, weights)


def bad_in_a_graph() -> Any:
    """In a `tf.function`."""
    return _graph_step(inside=True)


def good_in_a_graph() -> Any:
    return _graph_step(inside=False)


def facts() -> dict[str, Any]:
    keras.utils.set_random_seed(0)
    model, x = _model(), _images()
    found = []
    for persistent in (False, True):
        with tf.GradientTape(persistent=persistent) as tape:
            loss = tf.reduce_mean(model(x))
        found.append([np.array(one) for one in tape.gradient(loss, model.trainable_variables)])
    return {
        "gradients_are_the_same_bits": all((a == b).all() for a, b in zip(*found, strict=True)),
        "second_gradient_without_persistent": _second_gradient(),
    }


def _second_gradient() -> str:
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    try:
        tape.gradient(y, v)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}"
    return "works"


def _graph_step(*, inside: bool) -> Any:
    model, x = _model(), _images()

    @tf.function
    def step(batch: Any) -> Any:
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(model(batch))
            if inside:
                return tape.gradient(loss, model.trainable_variables)
        return tape.gradient(loss, model.trainable_variables)

    return step(x)


def _loss() -> tuple[Any, Any]:
    model = _model()
    return tf.reduce_mean(model(_images())), model.trainable_variables


def _images() -> Any:
    return np.random.default_rng(0).random((BATCH, SIZE, SIZE, 3), dtype="float32")


def _model() -> Any:
    convolutions = [keras.layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(4)]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]
    return keras.Sequential([keras.Input((SIZE, SIZE, 3)), *convolutions, *head])
