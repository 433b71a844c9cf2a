"""Layers that work on images at the size they come in."""

from __future__ import annotations

from keras_memlint.analysis.abstract.networks import Model, Use
from keras_memlint.analysis.abstract.values import Shape


def space(shape: Shape | None) -> tuple[int, int] | None:
    """Height and width of an image with its channels last; None for anything else and where they are not known."""
    if shape is None or len(shape) != 4 or shape[1] is None or shape[2] is None:
        return None
    return shape[1], shape[2]


def at_full_size(model: Model) -> list[Use]:
    """The layers before the first that makes images smaller, without backbones of ``keras.applications``.

    Windows without padding take a few pixels off each side, which does not count.
    """
    size = space(model.input)
    found: list[Use] = []
    for use in model.flat():
        made = space(use.output)
        if size is None or made is None or use.layer.model is not None:
            break
        if any(after > before or after * 4 < before * 3 for before, after in zip(size, made, strict=True)):
            break
        found.append(use)
    return found
