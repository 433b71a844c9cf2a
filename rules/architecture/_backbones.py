"""What a backbone of ``keras.applications`` takes of a training step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model, Use
from keras_memlint.analysis.abstract.values import Shape, const
from keras_memlint.analysis.interpret.models import resized
from keras_memlint.analysis.script import Script

# Whoever writes the word has thought about what is trained.
_CHOSEN = re.compile(r"\btrainable|\bfine[-_ ]?tun", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Backbone:
    """A backbone that is trained whole on images of the shape ``image``.

    ``weights`` are its own, ``head`` those of the rest of the model; ``copies``: how often a step holds each. ``kept``:
    elements that a step keeps for each image, of ``number`` bytes.
    """

    name: str
    made: Model
    image: Shape
    weights: int
    head: int
    copies: int
    kept: int
    number: int

    def at(self, batch: int) -> int:
        """Bytes at a batch, without the rest of the model."""
        return self.weights * self.copies * 4 + self.kept * self.number * batch

    def another_at(self, name: str, batch: int) -> int | None:
        """Bytes of the backbone ``name`` in its place; None when a size is not known."""
        size = resized(self.made, name, self.image)
        if size is None or size.parameters is None or size.activations is None:
            return None
        return size.parameters * self.copies * 4 + size.activations * self.number * batch


def backbone(script: Script, model: Model, use: Use) -> Backbone | None:
    """The backbone ``use`` of the trained ``model``; None when a size is not known, and when it is frozen."""
    inner = use.layer.model
    if inner is None or use.layer.frozen or model.frozen:
        return None
    image = use.inputs[0] if use.inputs else None
    if image is None or None in image[1:]:
        image = inner.input
    slots, number = script.optimizer_slots(model), script.activation_size(model)
    if use.parameters is None or use.stored is None or slots is None or number is None:
        return None
    if image is None or len(image) != 4 or None in image[1:]:
        return None
    head = model.known_parameters - use.parameters if inner is not model else 0
    name = inner.api.rpartition(".")[2]
    return Backbone(name, inner, image, use.parameters, head, 2 + slots, use.stored, number)


def trains_by_oversight(script: Script, model: Model, call: Call, found: Backbone) -> bool:
    """Whether a backbone with weights of ImageNet trains below a small head, and nothing says that it is meant to.

    What gives a map of numbers for an image, as a U-Net does, is trained whole for good reasons.
    """
    shape = model.output.shape if model.output is not None else None
    if found.made is model or shape is None or len(shape) != 2 or found.head * 2 > found.weights:
        return False
    weights = call.arg("weights")
    if const(call.arg("include_top")) is not False or (weights is not None and const(weights) != "imagenet"):
        return False
    return not any(_CHOSEN.search(text) for text in {script.source.text, script.place(call.node).source.text})
