"""KM805: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.facts.keras_layers import OF_QUANTIZED, QUANTIZED
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM805", "quantize-noop", severity="warning", words=("quantize",))

# What is inside of them, or how often, is not told.
_UNCLEAR = {
    "TimeDistributed",
    "Bidirectional",
    "Wrapper",
    "RNN",
    "SpectralNormalization",
    "TorchModuleWrapper",
}
_INTEGERS = ("int8", "int4")


def check(script: Script) -> Iterator[Finding]:
    for call in script.calls("keras.Model.quantize"):
        mode, model = call.const("mode"), call.receiver
        if isinstance(mode, str) and isinstance(model, Model) and not call.given("config"):
            found = _judged(script, call, mode, model)
            if found is not None:
                yield found


def _judged(script: Script, call: Call, mode: str, model: Model) -> Finding | None:
    """What is wrong with ``model.quantize(mode)``; None when nothing is, or not enough is known."""
    at, site = script.call_place(call), script.place(call.site)
    if mode in ("gptq", "awq") and not call.tried:
        return Finding(
            at=at,
            site=site,
            message=f'`quantize("{mode}")` without `config` raises ValueError',
            help=f"give it a `{mode.upper()}Config` with data to calibrate with",
            severity="error",
        )
    if mode == "float8":
        return Finding(
            at=at,
            site=site,
            message='`quantize("float8")` keeps every weight in float32: it is a way of training, and saves no memory',
            help="`int8` or `int4` make weights smaller",
            severity="hint",
        )
    if mode not in _INTEGERS:
        return None
    trained = _trained_after(script, call)
    if trained is not None:
        return Finding(
            at=at,
            site=site,
            message=f'after `quantize("{mode}")` kernels are integers, which training does not change',
            help="train first, quantize then",
            related=(("trained here", script.call_place(trained)),),
        )
    if call.given("filters") or _changed(model) != 0:
        return None
    return Finding(
        at=at,
        site=site,
        message=f'`quantize("{mode}")` changes no weight of this model: no layer of it is Dense, EinsumDense or Embedding',
        bytes=model.parameters * 4 if model.parameters is not None else None,
        help="TensorFlow Lite quantizes convolutions and recurrent layers, too",
    )


def _trained_after(script: Script, quantize: Call) -> Call | None:
    """The training of a model that was quantized before, on every path; None when there is none."""
    if quantize.conditional:
        return None
    for fit in script.trainings:
        if fit.model is quantize.receiver and fit.call.order > quantize.order:
            return fit.call
    return None


def _changed(model: Model) -> int | None:
    """Weights in layers that ``quantize`` changes; None when not every layer is known."""
    if not model.complete or not model.uses:
        return None
    total = 0
    for use in model.uses:
        found = _changed_in(use.layer, use.parameters)
        if found is None:
            return None
        total += found
    return total


def _changed_in(layer: Layer, parameters: int | None) -> int | None:
    if layer.model is not None:
        inner = layer.model
        if inner.kind != "application":
            return _changed(inner)
        plain = inner.call is not None and inner.call.const("include_top") is False
        return 0 if plain and "ConvNeXt" not in inner.api else None  # ConvNeXt is made of Dense layers
    if not layer.api.startswith("keras.layers.") or layer.name in _UNCLEAR:
        return None
    return parameters if layer.name in QUANTIZED | OF_QUANTIZED else 0
