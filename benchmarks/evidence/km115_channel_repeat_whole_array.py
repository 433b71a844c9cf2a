"""KM115 channel-repeat-whole-array: three equal channels of all images, or of one batch in the model; sides twice as long likewise."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

COUNT, BATCH, SIDE = 800, 32, 128


def prepare(_: Any) -> Any:
    """50 MiB of grey float32 images."""
    return np.random.default_rng(0).random((COUNT, SIDE, SIDE, 1), dtype="float32")


def bad(x: Any) -> Any:
    three = np.repeat(x, 3, axis=-1)
    _train(three, keras.Input((SIDE, SIDE, 3)))
    return three


def good(x: Any) -> None:
    _train(x, keras.Input((SIDE, SIDE, 1)))


def resized(x: Any) -> Any:
    """All images are resized to twice their sides, one by one, and made one array."""
    larger = np.array([keras.ops.image.resize(image, (2 * SIDE, 2 * SIDE)).numpy() for image in x])
    _train(larger, keras.Input((2 * SIDE, 2 * SIDE, 1)))
    return larger


def resized_in_the_model(x: Any) -> None:
    """A layer resizes each batch."""
    images = keras.Input((SIDE, SIDE, 1))
    _train(x, images, keras.layers.Resizing(2 * SIDE, 2 * SIDE)(images))


def facts(x: Any) -> dict[str, Any]:
    images = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(images, keras.layers.Concatenate()([images] * 3))
    found = np.array(model(x[:8]))
    return {"the_layer_gives_the_same_values": bool((found == np.repeat(x[:8], 3, axis=-1)).all())}


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return len(self.x) // BATCH

    def __getitem__(self, index: int) -> Any:
        return self.x[index * BATCH : (index + 1) * BATCH], np.zeros(BATCH)


def _train(x: Any, images: Any, seen: Any = None) -> None:
    if seen is None:
        seen = images if images.shape[-1] == 3 else keras.layers.Concatenate()([images] * 3)
    output = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(seen))
    model = keras.Model(images, output)
    model.compile("sgd", "mse")
    model.fit(_Rows(x), verbose=0)
