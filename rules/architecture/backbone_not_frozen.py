"""KM403: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._backbones import backbone, trains_by_oversight
from keras_memlint.rules.architecture._budget import Budget, budget
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM403", "backbone-not-frozen", severity="hint", words=("fit", "fit_generator"))


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for model, use in script.backbones:
        call = use.layer.call
        found = backbone(script, model, use)
        if call is None or found is None or not trains_by_oversight(script, model, call, found):
            continue
        step = budget(script, model)
        if step.batch is None:
            continue
        # The weights stay, and the output that the head needs.
        saved = found.at(step.batch) - found.weights * 4
        if step.severity(saved) is None:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{found.name}` has weights of ImageNet and trains whole below a head of"
            f" {found.head:,} weights: activations, gradients and optimizer slots",
            bytes=saved,
            cost=step.cost(saved),
            help="freeze it with `trainable = False` before `compile`, at least until the head is trained"
            + step.smaller_batch(),
            severity=_severity(step, saved),
        )


def _severity(step: Budget, saved: int) -> Severity:
    """A warning where freezing decides whether the step fits; else it is a choice."""
    one, memory = step.step, step.target.gpu_memory
    if one is None or memory is None or not step.too_small:
        return "hint"
    return "warning" if one.fits == "no" and one.likely - saved < memory else "info"
