"""KM116 imagedatagenerator: arrays are copied to float32 whole; gone from standalone Keras 3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fresh
import keras
import numpy as np
import pictures
import tensorflow as tf

COUNT, SIZE = 1000, 128

IN_TURN = {
    "standalone_keras": "import keras; keras.preprocessing.image.ImageDataGenerator",
    "standalone_import": "from keras.preprocessing.image import ImageDataGenerator",
    "keras_src_legacy": "from keras.src.legacy.preprocessing.image import ImageDataGenerator; print('works')",
    "keras_legacy": "import keras; keras.legacy.preprocessing",
    "tf_keras_attribute": "import tensorflow as tf; print(tf.keras.preprocessing.image.ImageDataGenerator.__module__)",
    "tensorflow_keras_import": (
        "from tensorflow.keras.preprocessing.image import ImageDataGenerator as G; print(G.__module__)"
    ),
    "legacy_keras_2": "import tf_keras; print(tf_keras.preprocessing.image.ImageDataGenerator.__module__)",
    "fit_generator": "import tensorflow as tf; tf.keras.Sequential().fit_generator",
}


def prepare(folder: Path) -> tuple[Path, Any]:
    """Two folders of 500 pictures, and the same number of pictures as a uint8 array of 47 MiB."""
    plain = folder / "plain"
    plain.mkdir()
    for number, source in enumerate(pictures.write(plain, COUNT, SIZE)):
        kind = folder / "sorted" / str(number % 2)
        kind.mkdir(parents=True, exist_ok=True)
        os.link(source, kind / f"{number}.jpg")
    x = np.random.default_rng(0).integers(0, 256, (COUNT, SIZE, SIZE, 3), dtype="uint8")
    return folder / "sorted", x


def bad(data: tuple[Path, Any]) -> None:
    """flow() over a uint8 array."""
    generator = _generator(horizontal_flip=True)
    _model().fit(generator.flow(data[1], np.zeros(COUNT), batch_size=32), verbose=0)


def featurewise(data: tuple[Path, Any]) -> None:
    """fit() for the mean and the standard deviation."""
    _generator(featurewise_center=True, featurewise_std_normalization=True).fit(data[1])


def good(data: tuple[Path, Any]) -> None:
    """The same array through a PyDataset, mirrored by a layer."""
    _model(keras.layers.RandomFlip("horizontal")).fit(_Rows(data[1]), verbose=0)


def folder_generator(data: tuple[Path, Any]) -> None:
    generator = _generator(horizontal_flip=True)
    flow = generator.flow_from_directory(data[0], (SIZE, SIZE), batch_size=32, class_mode="binary")
    _model().fit(flow, verbose=0)


def folder_dataset(data: tuple[Path, Any]) -> None:
    dataset = keras.utils.image_dataset_from_directory(data[0], image_size=(SIZE, SIZE), verbose=False)
    _model(keras.layers.RandomFlip("horizontal")).fit(dataset, verbose=0)


def facts(data: tuple[Path, Any]) -> dict[str, Any]:
    dataset = keras.utils.image_dataset_from_directory(data[0], image_size=(SIZE, SIZE), verbose=False)
    pixels, labels = next(iter(dataset))
    flow = _generator(rescale=1 / 255).flow_from_directory(data[0], (SIZE, SIZE))
    return {
        **fresh.outcomes(IN_TURN),
        "flow_from_directory_default_class_mode": flow.class_mode,
        "flow_from_directory_default_interpolation": flow.interpolation,
        "image_dataset_default_labels": f"{labels.dtype.name} {tuple(labels.shape)}",
        "image_dataset_default_pixels": f"{pixels.dtype.name}, up to {float(tf.reduce_max(pixels)):.0f}",
    }


class _Rows(keras.utils.PyDataset):  # type: ignore[misc]
    def __init__(self, x: Any) -> None:
        super().__init__()
        self.x = x

    def __len__(self) -> int:
        return -(-len(self.x) // 32)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = self.x[index * 32 : (index + 1) * 32]
        return rows, np.zeros(len(rows), "float32")


def _generator(**options: Any) -> Any:
    return tf.keras.preprocessing.image.ImageDataGenerator(**options)


def _model(*first: Any) -> Any:
    pool = keras.layers.GlobalAveragePooling2D()
    model = keras.Sequential([keras.Input((SIZE, SIZE, 3)), *first, pool, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model
