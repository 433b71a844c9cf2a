"""Keras's preprocessing layers on data: they keep images images, unlike the layers of a network."""

from __future__ import annotations

from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.values import Array, Const, Origin, Value, const
from keras_memlint.analysis.syntax import tree

# Same shape, float32.
_SAME = frozenset(
    [
        "AutoContrast",
        "Normalization",
        "RandAugment",
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomHue",
        "RandomRotation",
        "RandomSaturation",
        "RandomTranslation",
        "RandomZoom",
        "Rescaling",
    ]
)
_SIZED = frozenset(["CenterCrop", "RandomCrop", "Resizing"])
_ARITHMETIC = frozenset(["Normalization", "Rescaling"])


def preprocessing_layers(value: Value | None) -> tuple[Layer, ...]:
    """The layers of ``value``, a layer or a model, when all of them preprocess images; else none."""
    if isinstance(value, Layer):
        layers = [value]
    elif isinstance(value, Model):
        layers = [use.layer for use in value.uses if use.layer.name != "InputLayer"]
    else:
        return ()
    return tuple(layers) if all(layer.name in _SAME or layer.name in _SIZED for layer in layers) else ()


def is_sizing(layer: Layer) -> bool:
    """Whether a preprocessing layer changes the size of images."""
    return layer.name in _SIZED


def is_arithmetic(layer: Layer) -> bool:
    """Whether a preprocessing layer only multiplies and adds."""
    return layer.name in _ARITHMETIC


def is_random(layer: Layer) -> bool:
    """Whether a preprocessing layer gives other results each time."""
    return layer.name.startswith("Rand")


def preprocessed(layers: tuple[Layer, ...], given: Array, node: tree.Expr) -> Array:
    """What preprocessing ``layers`` make of ``given``."""
    shape = given.shape
    for layer in layers:
        if layer.name in _SIZED and shape is not None and len(shape) >= 3:
            axes = [const(layer.config.get(name, Const(None))) for name in ("height", "width")]
            shape = (*shape[:-3], *(axis if isinstance(axis, int) else None for axis in axes), shape[-1])
    return Array(
        "tensor",
        "float32",
        shape=shape,
        source=given.source,
        part=given.part,
        pixels=given.pixels,
        origin=Origin(node, "preprocessed", given.origin),
    )
