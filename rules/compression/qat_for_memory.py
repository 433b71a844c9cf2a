"""KM806: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.tflite import set_optimizations
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._converters import unoptimized
from keras_memlint.rules.compression._wrappers import AWARE, is_made_by, made

RULE = Rule(
    "KM806",
    "qat-for-memory",
    severity="hint",
    words=("quantize_model", "quantize_apply"),
    fix="unsafe",
)


def check(script: Script) -> Iterator[Finding]:
    for call, converter in unoptimized(script):
        model = converter.call.arg("model") if converter.call is not None else None
        if not isinstance(model, Model) or not is_made_by(model, *AWARE):
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="a model trained for quantization is converted without `optimizations`: its weights stay float32",
            bytes=model.parameters * 4 if model.parameters is not None else None,
            help="set `converter.optimizations = [tf.lite.Optimize.DEFAULT]`",
            related=made(script, model, "made to be quantized here"),
            fixes=set_optimizations(script, call, "quantize the weights"),
            severity="warning",
        )
    trained = next((fit for fit in script.trainings if is_made_by(fit.model, *AWARE)), None)
    if trained is not None and not script.is_test:
        yield Finding(
            at=script.call_place(trained.call),
            site=script.place(trained.call.site),
            message="training for quantization takes more memory than training: weights and activations stay float32, and are"
            " rounded in copies",
            help="it is the converted model that is small; for training, lower the batch or use mixed precision before it",
            related=made(script, trained.model, "made to be quantized here"),
        )
