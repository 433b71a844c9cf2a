"""The networks that estimates are judged on: ordinary Keras code for any backend, split before anything was measured.

``TUNING`` may be looked at while the estimator is made; ``HELD_OUT`` is for the figures that are published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Built = tuple[Any, Any, Any]
"""A compiled model, and one batch of inputs and targets as NumPy arrays."""

_VOCABULARY, _STEPS, _WIDTH = 8000, 128, 256


@dataclass(frozen=True)
class Case:
    """A network with the two batch sizes it is measured at."""

    build: Callable[[Any, int], Built]
    batches: tuple[int, int]


def _compiled(keras: Any, model: Any, x: Any, y: Any, loss: str = "sparse_categorical_crossentropy") -> Built:
    model.compile(keras.optimizers.Adam(), loss)
    return model, x, y


def _images(batch: int, side: int, classes: int) -> tuple[Any, Any]:
    import numpy as np

    random = np.random.default_rng(0)
    x = random.random((batch, side, side, 3), dtype="float32")
    return x, random.integers(0, classes, batch).astype("int32")


def _words(batch: int, targets: str) -> tuple[Any, Any]:
    import numpy as np

    random = np.random.default_rng(0)
    x = random.integers(0, _VOCABULARY, (batch, _STEPS)).astype("int32")
    if targets == "each":
        return x, random.integers(0, _VOCABULARY, (batch, _STEPS)).astype("int32")
    return x, random.integers(0, 2, (batch, 1)).astype("float32")


def _application(name: str, side: int = 224) -> Callable[[Any, int], Built]:
    def build(keras: Any, batch: int) -> Built:
        model = getattr(keras.applications, name)(weights=None, classes=1000, input_shape=(side, side, 3))
        return _compiled(keras, model, *_images(batch, side, 1000))

    return build


def _transformer(keras: Any, batch: int) -> Built:
    layers = keras.layers
    inputs = keras.Input((_STEPS,), dtype="int32")
    h = layers.Embedding(_VOCABULARY, _WIDTH)(inputs)
    for _ in range(4):
        attended = layers.MultiHeadAttention(4, _WIDTH // 4, dropout=0.1)(h, h)
        h = layers.LayerNormalization()(h + attended)
        wide = layers.Dense(4 * _WIDTH, activation="gelu")(h)
        h = layers.LayerNormalization()(h + layers.Dropout(0.1)(layers.Dense(_WIDTH)(wide)))
    outputs = layers.Dense(_VOCABULARY, activation="softmax", dtype="float32")(h)
    return _compiled(keras, keras.Model(inputs, outputs), *_words(batch, "each"))


def _lstm(keras: Any, batch: int) -> Built:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((_STEPS,), dtype="int32"),
            layers.Embedding(_VOCABULARY, _WIDTH),
            layers.LSTM(_WIDTH, return_sequences=True),
            layers.LSTM(_WIDTH),
            layers.Dense(1, activation="sigmoid", dtype="float32"),
        ]
    )
    return _compiled(keras, model, *_words(batch, "one"), loss="binary_crossentropy")


def _gru_attention(keras: Any, batch: int) -> Built:
    layers = keras.layers
    inputs = keras.Input((_STEPS,), dtype="int32")
    h = layers.Embedding(_VOCABULARY, _WIDTH)(inputs)
    h = layers.Bidirectional(layers.LSTM(128, return_sequences=True))(h)
    h = layers.GRU(_WIDTH, return_sequences=True)(h)
    h = layers.GlobalAveragePooling1D()(layers.Attention()([h, h]))
    outputs = layers.Dense(1, activation="sigmoid", dtype="float32")(h)
    return _compiled(keras, keras.Model(inputs, outputs), *_words(batch, "one"), loss="binary_crossentropy")


def _convolutions(layers: Any, h: Any, filters: int) -> Any:
    for _ in range(2):
        h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(h)
        h = layers.Activation("relu")(layers.BatchNormalization()(h))
    return h


def _unet(keras: Any, batch: int) -> Built:
    import numpy as np

    layers = keras.layers
    inputs = keras.Input((256, 256, 3))
    h, kept = inputs, []
    for filters in (32, 64, 128, 256):
        h = _convolutions(layers, h, filters)
        kept.append(h)
        h = layers.MaxPooling2D()(h)
    h = _convolutions(layers, h, 512)
    for filters, beside in zip((256, 128, 64, 32), reversed(kept), strict=True):
        h = layers.Conv2DTranspose(filters, 2, strides=2)(h)
        h = _convolutions(layers, layers.Concatenate()([h, beside]), filters)
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(h)
    x, _ = _images(batch, 256, 2)
    y = np.random.default_rng(1).integers(0, 2, (batch, 256, 256, 1)).astype("float32")
    return _compiled(keras, keras.Model(inputs, outputs), x, y, loss="binary_crossentropy")


def _dense(keras: Any, batch: int) -> Built:
    import numpy as np

    layers = keras.layers
    random = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((1024,))])
    for _ in range(4):
        model.add(layers.Dense(2048, activation="relu"))
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(100, activation="softmax", dtype="float32"))
    x = random.random((batch, 1024), dtype="float32")
    return _compiled(keras, model, x, random.integers(0, 100, batch).astype("int32"))


def _vit(keras: Any, batch: int) -> Built:
    layers = keras.layers
    inputs = keras.Input((224, 224, 3))
    h = layers.Reshape((196, 256))(layers.Conv2D(256, 16, strides=16)(inputs))
    for _ in range(6):
        normal = layers.LayerNormalization()(h)
        h = h + layers.MultiHeadAttention(4, 64, dropout=0.1)(normal, normal)
        wide = layers.Dense(1024, activation="gelu")(layers.LayerNormalization()(h))
        h = h + layers.Dropout(0.1)(layers.Dense(256)(wide))
    outputs = layers.Dense(100, activation="softmax", dtype="float32")(layers.GlobalAveragePooling1D()(h))
    return _compiled(keras, keras.Model(inputs, outputs), *_images(batch, 224, 100))


def _conv1d(keras: Any, batch: int) -> Built:
    import numpy as np

    layers = keras.layers
    random = np.random.default_rng(0)
    inputs = h = keras.Input((4096, 4))
    for filters in (64, 128, 256):
        for _ in range(2):
            h = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(filters, 7, padding="same")(h)))
        h = layers.MaxPooling1D(4)(h)
    outputs = layers.Dense(10, activation="softmax", dtype="float32")(layers.Flatten()(h))
    x = random.random((batch, 4096, 4), dtype="float32")
    return _compiled(keras, keras.Model(inputs, outputs), x, random.integers(0, 10, batch).astype("int32"))


def _autoencoder(keras: Any, batch: int) -> Built:
    layers = keras.layers
    inputs = h = keras.Input((128, 128, 3))
    for filters in (64, 128, 256):
        h = layers.LeakyReLU()(layers.Conv2D(filters, 4, strides=2, padding="same")(h))
    h = layers.Dense(512, activation="relu")(layers.Flatten()(h))
    h = layers.Reshape((16, 16, 256))(layers.Dense(16 * 16 * 256, activation="relu")(h))
    for filters in (256, 128, 64):
        h = layers.LeakyReLU()(layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(h))
    outputs = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(h)
    x, _ = _images(batch, 128, 2)
    return _compiled(keras, keras.Model(inputs, outputs), x, x, loss="mse")


TUNING = {
    "resnet50": Case(_application("ResNet50"), (16, 64)),
    "transformer": Case(_transformer, (16, 64)),
    "lstm": Case(_lstm, (64, 256)),
    "unet": Case(_unet, (8, 32)),
    "dense": Case(_dense, (256, 4096)),
}
HELD_OUT = {
    "mobilenetv2": Case(_application("MobileNetV2"), (16, 64)),
    "efficientnetb0": Case(_application("EfficientNetB0"), (16, 64)),
    "densenet121": Case(_application("DenseNet121"), (16, 48)),
    "vgg16": Case(_application("VGG16"), (8, 32)),
    "convnexttiny": Case(_application("ConvNeXtTiny"), (8, 32)),
    "vit": Case(_vit, (16, 64)),
    "gru_attention": Case(_gru_attention, (64, 256)),
    "conv1d": Case(_conv1d, (32, 128)),
    "autoencoder": Case(_autoencoder, (32, 128)),
}
MODELS = {**TUNING, **HELD_OUT}
POLICIES = ("float32", "mixed_bfloat16")
