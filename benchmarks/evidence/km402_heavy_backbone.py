"""KM402 heavy-backbone: what a step keeps depends on the backbone, and not on its weights alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

SIZE, BATCH = 96, 4


def bad() -> Any:
    """One step of SGD of a DenseNet121, 4 images of 96 x 96."""
    return _step("DenseNet121")


def good() -> Any:
    return _step("MobileNetV3Small")


def vgg_16() -> Any:
    return _step("VGG16")


def _step(name: str) -> Any:
    make = getattr(keras.applications, name)
    model = make(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3), pooling="avg")
    model.compile("sgd", "mse", jit_compile=False)  # XLA takes a minute to compile some of them
    model.train_on_batch(
        np.zeros((BATCH, SIZE, SIZE, 3), "float32"), np.zeros((BATCH, model.output_shape[-1]), "float32")
    )
    return model
