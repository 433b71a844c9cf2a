"""Layers that work on images at the size they come in."""

from __future__ import annotations

from keras_memlint.analysis.values import Model, Shape, Use


def space(shape: Shape | None) -> tuple[int, int] | None:
    """Height and width of an image with its channels last; None for anything else and where they are not known."""
    if shape is None or len(shape) != 4 or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def at_full_size(model: Model) -> list[Use]:
    """The layers before the first that makes images smaller, without backbones of ``keras.applications``."""
    size = space(model.input)
    found: list[Use] = []
    for use in model.flat():
        if size is None or space(use.output) != size or use.layer.model is not None:
            break
        found.append(use)
    return found
