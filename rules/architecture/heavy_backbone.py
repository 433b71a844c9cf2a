"""KM402: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.sizes.settings import GIB
from keras_memlint.analysis.sizes.static_estimate import range_of
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.architecture._backbones import Backbone, backbone, trains_by_oversight
from keras_memlint.rules.architecture._budget import Budget, budget
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM402", "heavy-backbone", severity="hint", words=("fit", "fit_generator"))

# Without a known GPU: what the smaller of those in use do not hold.
_MUCH = 8 * GIB
# A GPU that does not hold so few images is too small for the backbone, whatever the batch.
_FEW_IMAGES = 8
# Smaller backbones, the most capable first.
_LIGHTER = ("EfficientNetV2B0", "MobileNetV3Large", "MobileNetV3Small", "MobileNetV2")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for model, use in script.backbones:
        found = backbone(script, model, use)
        call = use.layer.call
        if found is None or call is None or trains_by_oversight(script, model, call, found):
            continue
        step = budget(script, model)
        batch = step.batch or _FEW_IMAGES
        part = found.at(batch)
        severity = _severity(found, step, part)
        if severity is None:
            continue
        height, width = found.image[1:3]
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{found.name}` trains whole on images of {height} × {width}"
            + (f": {step.target.gpu} does not hold {_FEW_IMAGES} of them" if severity == "warning" else ""),
            bytes=part,
            cost=step.cost(part, batch),
            help=_help(script, found, batch) + step.smaller_batch(),
            severity=severity,
        )


def _severity(found: Backbone, step: Budget, part: int) -> Severity | None:
    memory = step.target.gpu_memory
    if memory is None:
        return "hint" if step.batch is not None and part > _MUCH else None
    if range_of(found.at(_FEW_IMAGES))[0] > memory and (step.step is None or step.step.fits == "no"):
        return "warning"
    return "info" if step.too_small and part * 2 > memory else None


def _help(script: Script, found: Backbone, batch: int) -> str:
    """The first backbone of at most half the bytes at the same images, else what less of an image takes."""
    for name in _LIGHTER:
        needs = found.another_at(name, batch) if _exists(script, name) else None
        if needs is not None and needs * 2 <= found.at(batch):
            return f"`{name}` on the same images takes {format_bytes(needs)}"
    return "freeze it, or give it smaller images: half the side keeps a quarter"


def _exists(script: Script, name: str) -> bool:
    """Whether the TensorFlow at hand has it, as far as it is known."""
    if script.needs_tensorflow_1:
        return name == "MobileNetV2"
    return not script.tensorflow_before(2, 8) or name.startswith("MobileNetV2")
