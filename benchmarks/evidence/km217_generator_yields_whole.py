"""KM217 generator-yields-whole: a generator that loads everything first streams nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

COUNT, SIZE = 3000, 128


def prepare(folder: Path) -> Path:
    path = folder / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", "uint8", (COUNT, SIZE, SIZE, 3))
    x[:] = 1
    x.flush()
    return path


def bad(path: Path) -> None:
    """A file of 141 MiB loaded in the generator, samples yielded one by one."""
    _read(lambda: np.load(path))


def good(path: Path) -> None:
    """The same with `mmap_mode="r"`."""
    _read(lambda: np.load(path, mmap_mode="r"))


def scaled_before_the_loop(path: Path) -> None:
    """`np.load(path).astype("float32")` of the first 1,000 samples before the loop."""
    _read(lambda: np.load(path)[:1000].astype("float32"))


def whole_batch(path: Path) -> None:
    """400 samples yielded at once, as one batch of a training step."""
    _fit(path, 400)


def batches_of_16(path: Path) -> None:
    """The same 400 samples in batches of 16."""
    _fit(path, 16)


def _read(load: Any) -> None:
    def samples() -> Any:
        yield from load()

    spec = tf.TensorSpec((SIZE, SIZE, 3), tf.float32)
    for _ in tf.data.Dataset.from_generator(samples, output_signature=spec).take(200).batch(32):
        pass


def _fit(path: Path, batch: int) -> None:
    data = np.load(path, mmap_mode="r")

    def batches() -> Any:
        for at in range(0, 400, batch):
            part = np.array(data[at : at + batch])
            yield part, np.zeros((len(part), 1), "float32")

    model = keras.Sequential(
        [keras.Input((SIZE, SIZE, 3)), keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    )
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse")
    model.fit(batches(), verbose=0)
