"""Pipelines whose samples have another size than the model they are given to takes: Keras raises before it reads one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Array, Dataset, Items, Value
from keras_memlint.analysis.facts.ending import SIZED_KINDS
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_IMAGES = 4  # axes of a batch of images; Keras adds or takes away an axis of fewer
# TensorFlow 2.2 warned and went on.
_RAISES = (2, 5)


def refused(script: Script) -> Iterator[tuple[tree.Call, str]]:
    """The trainings that raise since the one model is made for samples of one size and the one pipeline has another.

    Arrays are left alone: Keras copies them before it looks at their size.
    """
    if script.tensorflow_before(*_RAISES):
        return
    for fit in script.trainings:
        model, data = fit.model, fit.x
        if model is None or model.kind not in SIZED_KINDS or not isinstance(data, Dataset) or data.also:
            continue
        takes, gets = model.input, _sample(data.element)
        if (
            takes is None
            or gets is None
            or len(takes) != len(gets)
            or len(gets) < _IMAGES
            or not data.batched
        ):
            continue
        differ = any(
            None not in pair and pair[0] != pair[1] for pair in zip(takes[1:], gets[1:], strict=True)
        )
        if differ and all(map(_is_the_only_way, _made_by(model, data, fit.call))):
            yield fit.call.node, f"the model takes samples of {_shown(takes)} and gets {_shown(gets)}"


def _sample(element: Value) -> tuple[int | None, ...] | None:
    """The shape of a batch of what the model gets, where that is one array."""
    if isinstance(element, Items):
        element = element.items[0] if element.items else element
    return element.shape if isinstance(element, Array) else None


def _made_by(model: Model, data: Dataset, fit: Call) -> Iterator[Call | None]:
    yield fit
    yield model.call
    for one in data.chain():
        yield one.call


def _is_the_only_way(call: Call | None) -> bool:
    """Whether no branch and no loop decides about ``call``: another one may give other sizes."""
    return call is not None and not call.loops and not any(one.conditional for one in call.led_by())


def _shown(shape: tuple[int | None, ...]) -> str:
    return " × ".join("?" if size is None else str(size) for size in shape[1:])
