"""KM411: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._budget import budget
from keras_memlint.rules.architecture._full_size import at_full_size, space
from keras_memlint.rules.architecture.huge_input_resolution import PIXELS
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM411", "conv-large-dense-early", severity="hint", words=("Conv2D", "Convolution2D"))

FILTERS = 128
# Images of 128 x 128 pixels and more are told from the first size on, smaller ones, which many fit a batch of, from the other.
_LARGE, _LEAST, _MUCH = 128 * 128, 256 << 20, 1 << 30


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for model in script.models:
        size = space(model.input)
        first = next((use for use in at_full_size(model) if use.layer.name == "Conv2D"), None)
        filters = first.output[-1] if first is not None and first.output is not None else None
        call = first.layer.call if first is not None else None
        step, number = budget(script, model), script.activation_size(model)
        if (
            size is None
            or size[0] * size[1] >= PIXELS
            or first is None
            or filters is None
            or filters < FILTERS
        ):
            continue
        if call is None or number is None or first.stored is None:
            continue
        if step.batch is None and model.compiled is None:
            continue
        least = _LEAST if size[0] * size[1] >= _LARGE else _MUCH
        found = step.of_images(first.stored * number, least)
        if found is None:
            continue
        severity, part, cost = found
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the first convolution makes {filters} channels of images of {size[0]} × {size[1]}",
            bytes=part,
            cost=cost,
            help="fewer filters while images are large, or a stride: with a stride of 2 it keeps a quarter"
            + step.smaller_batch(),
            severity=severity,
        )
