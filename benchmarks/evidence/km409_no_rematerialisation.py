"""KM409 no-rematerialisation: what a scope saves depends on backend, compiler and layers; on a CPU nothing."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import outcomes

SIZE, BATCH = 64, 16
_JAX = """
import keras, numpy as np
from keras import layers
with keras.RematScope(mode={mode!r}):
    x = start = keras.Input(({size}, {size}, 3))
    for _ in range(2):
        x = layers.Conv2D(8, 3, padding="same")(x)
        x = {layer}
model = keras.Model(start, layers.Dense(1)(layers.GlobalAveragePooling2D()(x)))
model.compile("sgd", "mse")
model.train_on_batch(np.zeros((2, {size}, {size}, 3), "float32"), np.zeros((2, 1), "float32"))
print("no error")
"""


def bad() -> Any:
    """One step of SGD of 16 convolutions in 4 blocks, 16 images of 64 x 64, on TensorFlow."""
    return _step(None)


def good() -> Any:
    """The same with each block made in a `RematScope`."""
    return _step("full")


def facts() -> dict[str, Any]:
    codes = {
        f"{backend}_{name}_in_a_RematScope": _JAX.format(mode="full", size=16, layer=layer)
        for backend in ("tensorflow", "jax")
        for name, layer in (
            ("Conv2D", "layers.ReLU()(x)"),
            ("BatchNormalization", "layers.BatchNormalization()(x)"),
        )
    }
    found: dict[str, Any] = {}
    for backend in ("tensorflow", "jax"):
        mine = {name: code for name, code in codes.items() if name.startswith(backend)}
        environment = (
            f"import os\nos.environ['KERAS_BACKEND'] = {backend!r}\nos.environ['JAX_PLATFORMS'] = 'cpu'\n"
        )
        found |= {
            name: text[:120] for name, text in outcomes({n: environment + c for n, c in mine.items()}).items()
        }
    return found


class _Block(keras.layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.convolutions = [keras.layers.Conv2D(32, 3, padding="same", activation="relu") for _ in range(4)]

    def build(self, shape: Any) -> None:
        for one in self.convolutions:
            one.build(shape)
            shape = one.compute_output_shape(shape)

    def call(self, x: Any) -> Any:
        for one in self.convolutions:
            x = one(x)
        return x


def _step(mode: str | None) -> Any:
    with keras.RematScope(mode=mode):
        x = start = keras.Input((SIZE, SIZE, 3))
        for _ in range(4):
            x = _Block()(x)
    model = keras.Model(start, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(x)))
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((BATCH, SIZE, SIZE, 3), "float32"), np.zeros((BATCH, 1), "float32"))
    return model
