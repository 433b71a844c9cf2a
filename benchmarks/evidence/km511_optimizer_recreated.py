"""KM511 optimizer-recreated: compiling in each turn leaves the slots of the optimizers before behind."""

from __future__ import annotations

import gc
from typing import Any

import keras
import numpy as np

TURNS = 4
INPUTS, UNITS = 1024, 8192  # 32 MiB of weights, as much again for each of Adam's two slots


def bad() -> None:
    """One model, compiled and trained in each of four turns."""
    model = _built()
    for _ in range(TURNS):
        model.compile("adam", "mse")
        _fit(model)
        gc.collect()


def good() -> None:
    """Compiled once, trained four times."""
    model = _built()
    model.compile("adam", "mse")
    for _ in range(TURNS):
        _fit(model)
        gc.collect()


def new_optimizer_in_own_loop() -> None:
    """A loop of one's own that makes an Adam in each turn and applies gradients eagerly."""
    import tensorflow as tf

    model, x = _built(), _rows()
    for _ in range(TURNS):
        optimizer = keras.optimizers.Adam()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        del tape


def one_optimizer_in_own_loop() -> None:
    """The same with one Adam."""
    import tensorflow as tf

    model, x, optimizer = _built(), _rows(), keras.optimizers.Adam()
    for _ in range(TURNS):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        del tape


def facts() -> dict[str, Any]:
    from harness import anonymous_bytes, release_free_memory

    found: dict[str, Any] = {}
    for name, again in (("compiled_in_each_turn", True), ("compiled_once", False)):
        model = _built()
        model.compile("adam", "mse")
        for turn in range(4):
            if turn == 2:
                release_free_memory()
                before = anonymous_bytes()
            if again:
                model.compile("adam", "mse")
            _fit(model)
            gc.collect()
        release_free_memory()
        found[f"growth_in_bytes_per_turn_{name}"] = (anonymous_bytes() - before) // 2
    return found


def _rows() -> Any:
    return np.random.default_rng(0).random((64, INPUTS), dtype="float32")


def _fit(model: Any) -> None:
    model.fit(_rows(), _rows()[:, :1], batch_size=32, verbose=0)


def _built() -> Any:
    return keras.Sequential([keras.Input((INPUTS,)), keras.layers.Dense(UNITS), keras.layers.Dense(1)])
