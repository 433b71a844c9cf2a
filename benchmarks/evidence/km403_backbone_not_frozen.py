"""KM403 backbone-not-frozen: a frozen backbone keeps no activations, gradients or slots."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SIZE, BATCH = 128, 8


def bad() -> Any:
    """One step of Adam of a MobileNetV2 and a head of 10 classes, 8 images of 128 x 128."""
    return _step(frozen=False)


def good() -> Any:
    return _step(frozen=True)


def frozen_but_called_with_training() -> Any:
    return _step(frozen=True, training=True)


def facts() -> dict[str, Any]:
    import tf_keras

    found: dict[str, Any] = {}
    for library in (keras, tf_keras):
        for when in ("before compile", "between compile and fit", "after a fit"):
            found[f"{library.__name__}_frozen_{when.replace(' ', '_')}_stays_as_it_is"] = _stays(
                library, when
            )
    return found


def _step(*, frozen: bool, **options: Any) -> Any:
    base = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3))
    base.trainable = not frozen
    start = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.GlobalAveragePooling2D()(base(start, **options))
    model = keras.Model(start, keras.layers.Dense(10)(x))
    model.compile("adam", "mse", jit_compile=False)
    model.train_on_batch(np.zeros((BATCH, SIZE, SIZE, 3), "float32"), np.zeros((BATCH, 10), "float32"))
    return model


def _stays(library: Any, when: str) -> bool:
    base = library.Sequential([library.layers.InputLayer((4,)), library.layers.Dense(3)])
    model = library.Sequential([base, library.layers.Dense(1)])
    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
    base.trainable = when != "before compile"
    model.compile("sgd", "mse")
    if when == "after a fit":
        model.fit(x, y, verbose=0)
    base.trainable = False
    before = base.get_weights()[0].copy()
    model.fit(x, y, verbose=0)
    return bool(np.array_equal(before, base.get_weights()[0]))
