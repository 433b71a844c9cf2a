"""KM807: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Api, Items, Object
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.tflite import set_optimizations
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._converters import CONVERT, unoptimized, unset
from keras_memlint.rules.compression._wrappers import AWARE, is_made_by

RULE = Rule("KM807", "tflite-no-optimizations", severity="hint", words=("TFLiteConverter",), fix="unsafe")

_HELP = "set `converter.optimizations = [tf.lite.Optimize.DEFAULT]`"


def check(script: Script) -> Iterator[Finding]:
    found = [(call, converter) for call, converter in unoptimized(script) if not _is_aware(converter)]
    asked = [(call, what) for call, converter in found if (what := _asked(converter))]
    for call, what in asked:
        fails = what.startswith("inference")
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{what}` is set without `optimizations`: "
            + ("conversion raises ValueError" if fails else "it has no effect, the weights stay float32"),
            bytes=None if fails else _weights(call),
            help=_HELP,
            fixes=set_optimizations(script, call, "do what was asked for"),
            severity="error" if fails else "warning",
        )
    if found and not asked and not script.is_test and not _compares(script):
        call, _converter = found[0]
        weights = _weights(call)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="the converted model keeps its weights in float32",
            bytes=weights,
            help=_HELP,
            fixes=set_optimizations(script, call, "quantize the weights"),
            severity="info" if script.large(weights) else "hint",
        )


def _compares(script: Script) -> bool:
    """Whether another converter is set up: then this one is what its results are compared with."""
    return any(
        isinstance(call.receiver, Object) and not unset(call.receiver, "optimizations")
        for call in script.calls(CONVERT)
    )


def _is_aware(converter: Object) -> bool:
    """Whether the model was trained for quantization, which KM806 is about."""
    model = converter.call.arg("model") if converter.call is not None else None
    return is_made_by(model, *AWARE)


def _weights(call: Call) -> int | None:
    """Bytes of the model's weights as float32; None when not known."""
    made = call.receiver.call if isinstance(call.receiver, Object) else None
    model = made.arg("model") if made is not None else None
    return model.parameters * 4 if isinstance(model, Model) and model.parameters is not None else None


def _asked(converter: Object) -> str:
    """What is set on the converter that asks for narrower numbers; empty when nothing is."""
    spec = converter.state.get("target_spec")
    types = spec.state.get("supported_types") if isinstance(spec, Object) else None
    if isinstance(types, Items) and any(
        isinstance(one, Api) and one.name == "tf.float16" for one in types.items or ()
    ):
        return "supported_types"
    for name in ("inference_input_type", "inference_output_type"):
        kind = converter.state.get(name)
        if isinstance(kind, Api) and kind.name in ("tf.int8", "tf.uint8"):
            return name
    if not unset(converter, "representative_dataset"):
        return "representative_dataset"
    return ""
