"""KM118 sequence-loads-in-init: a PyDataset that reads every file when it is made holds the whole data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

COUNT, BATCH, SIDE = 800, 16, 256


def prepare(folder: Path) -> list[Path]:
    """800 images, 150 MiB once they are decoded."""
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype="uint8")
    image = Image.fromarray(pixels).resize((SIDE, SIDE))
    paths = [folder / f"{n}.jpg" for n in range(COUNT)]
    for path in paths:
        image.save(path)
    return paths


def bad(paths: list[Path]) -> Any:
    rows = _Loaded(paths)
    _train(rows)
    return rows


def good(paths: list[Path]) -> Any:
    rows = _Named(paths)
    _train(rows)
    return rows


def good_with_threads(paths: list[Path]) -> Any:
    rows = _Named(paths, workers=2)
    _train(rows)
    return rows


class _Loaded(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, paths: list[Path]) -> None:
        super().__init__()
        self.images = [np.array(Image.open(path)) for path in paths]

    def __len__(self) -> int:
        return COUNT // BATCH

    def __getitem__(self, index: int) -> Any:
        return np.stack(self.images[index * BATCH : (index + 1) * BATCH]), np.zeros(BATCH)


class _Named(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, paths: list[Path], **options: Any) -> None:
        super().__init__(**options)
        self.paths = paths

    def __len__(self) -> int:
        return COUNT // BATCH

    def __getitem__(self, index: int) -> Any:
        paths = self.paths[index * BATCH : (index + 1) * BATCH]
        return np.stack([np.array(Image.open(path)) for path in paths]), np.zeros(BATCH)


def _train(rows: Any) -> None:
    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    model.compile("sgd", "mse")
    model.fit(rows, verbose=0)
