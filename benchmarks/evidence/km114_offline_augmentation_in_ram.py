"""KM114 offline-augmentation-in-ram: flipped copies of all images, or flips drawn batch by batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

COUNT, BATCH, SIDE = 800, 32, 128


def prepare(_: Any) -> Any:
    """38 MiB of pixels."""
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), dtype="uint8")


def bad(x: Any) -> Any:
    """One more variant, fed in batches; no other copy is made."""
    both = np.concatenate([x, x[:, :, ::-1]])
    _train(both)
    return both


def three_variants(x: Any) -> Any:
    flipped, turned = np.flip(x, 2), np.rot90(x, 1, (1, 2))
    every = np.concatenate([x, flipped, turned])
    _train(every)
    return every


def good(x: Any) -> None:
    _train(x, keras.layers.RandomFlip("horizontal"))


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return len(self.x) // BATCH

    def __getitem__(self, index: int) -> Any:
        return self.x[index * BATCH : (index + 1) * BATCH], np.zeros(BATCH)


def _train(x: Any, *augment: Any) -> None:
    layers = [*augment, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    model.compile("sgd", "mse")
    model.fit(_Rows(x), verbose=0)
