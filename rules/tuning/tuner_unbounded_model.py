"""KM902: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM902",
    "tuner-unbounded-model",
    severity="warning",
    words=("Hyperband", "RandomSearch", "BayesianOptimization", "GridSearch"),
)

_TUNERS = tuple(f"keras_tuner.{name}" for name in RULE.words)
# What training takes beside activations: from here on it fills a small GPU as soon as a batch comes.
_LARGE = 1 << 30


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call in script.calls(*_TUNERS):
        tuner = call.result
        if call.given("max_model_size") or not isinstance(tuner, Object):
            continue
        model = tuner.state.get("largest")
        model = model if isinstance(model, Model) else None
        slots = script.optimizer_slots(model) if model is not None else None
        # Weights, their gradients, and what the optimizer keeps.
        held = model.trained_bytes(1 + (slots or 0)) if model is not None else 0
        large = held >= max(_LARGE, script.settings.size_threshold)
        if not large and model is not None and model.parameters is not None:
            continue
        least = (
            "" if model is not None and model.parameters is not None and slots is not None else "at least "
        )
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="the search has no `max_model_size`: "
            + ("its largest model is trained like any other" if large else "a model of any size is trained"),
            bytes=held if large else None,
            cost=f"{least}{format_bytes(held)} of weights, gradients and optimizer slots" if large else "",
            help="set `max_model_size`, in parameters, and give the model an input shape: one that is not built yet is not"
            " measured",
            related=(("the largest model is made here", script.call_place(model.call)),)
            if large and model is not None and model.call is not None
            else (),
            severity="warning" if large else "hint",
        )
