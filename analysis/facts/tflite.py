"""TensorFlow Lite: converters, which remember what the script sets on them."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Object, Value
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "TensorFlow API reference, tf.lite.TFLiteConverter"
_CONVERTER = "tf.lite.TFLiteConverter"


def _converter(call: Call, _run: Machine) -> Value:
    return Object(_CONVERTER, call, {"target_spec": Object("tf.lite.TargetSpec")})


TFLITE = table(
    fact(f"{_CONVERTER}.convert", "", see=_DOCS),
    fact(f"{_CONVERTER}.from_concrete_functions", "funcs trackable_obj", _converter, see=_DOCS),
    fact(f"{_CONVERTER}.from_keras_model", "model", _converter, see=_DOCS),
    fact(f"{_CONVERTER}.from_saved_model", "saved_model_dir signature_keys tags", _converter, see=_DOCS),
)
