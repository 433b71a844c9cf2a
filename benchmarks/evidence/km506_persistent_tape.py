"""KM506 persistent-tape: a persistent tape keeps the activations after the gradients are known, until it is dropped."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

BATCH, SIZE = 32, 96


def bad() -> Any:
    """One gradient of four convolutions from a persistent tape, which is still there afterwards."""
    with tf.GradientTape(persistent=True) as tape:
        loss, weights = _loss()
    return tape, tape.gradient(loss, weights)


def good() -> Any:
    with tf.GradientTape() as tape:
        loss, weights = _loss()
    return tape, tape.gradient(loss, weights)


def persistent_and_deleted() -> Any:
    with tf.GradientTape(persistent=True) as tape:
        loss, weights = _loss()
    gradients = tape.gradient(loss, weights)
    del tape
    return gradients


def persistent_inside_its_with() -> Any:
    """The gradient computed while the tape records."""
    with tf.GradientTape(persistent=True) as tape:
        loss, weights = _loss()
        gradients = tape.gradient(loss, weights)
    return tape, gradients


def inside_its_with() -> Any:
    """The same without `persistent=True`."""
    with tf.GradientTape() as tape:
        loss, weights = _loss()
        gradients = tape.gradient(loss, weights)
    return tape, gradients


def persistent_in_a_graph() -> Any:
    return _graph_step(True)


def plain_in_a_graph() -> Any:
    return _graph_step(False)


def persistent_inside_its_with_in_a_graph() -> Any:
    model, x = _model(), _images()

    @tf.function
    def step(batch: Any) -> Any:
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(model(batch))
            return tape.gradient(loss, model.trainable_variables)

    return step(x)


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


def _graph_step(persistent: bool) -> Any:
    model, x = _model(), _images()

    @tf.function
    def step(batch: Any) -> Any:
        with tf.GradientTape(persistent=persistent) as tape:
            loss = tf.reduce_mean(model(batch))
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
