"""KM410: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._budget import budget
from keras_memlint.rules.architecture._full_size import at_full_size, space
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM410", "huge-input-resolution", severity="hint", words=("fit",))

# From here on images are large: 512 x 512 pixels.
PIXELS = 512 * 512


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for model in script.models:
        size = space(model.input)
        if size is None or size[0] * size[1] < PIXELS:
            continue
        step, number = budget(script, model), script.activation_size(model)
        layers = [use for use in at_full_size(model) if use.stored and use.layer.call is not None]
        call = layers[0].layer.call if layers else None
        if number is None or call is None or (step.batch is None and model.compiled is None):
            continue
        found = step.of_images(sum(use.stored or 0 for use in layers) * number)
        if found is None:
            continue
        severity, part, cost = found
        which = f"{len(layers)} layers work" if len(layers) > 1 else "a layer works"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"{which} on images of {size[0]:,} × {size[1]:,} before any makes them smaller",
            bytes=part,
            cost=cost,
            help="smaller images, or a first layer with a stride: half the side keeps a quarter"
            + step.smaller_batch(),
            severity=severity,
        )
