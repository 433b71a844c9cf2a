"""KM807 tflite-no-optimizations: bytes of a converted model by what is set on its converter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from fresh import error_of

REASON = "no effect on memory while training: the rule is about bytes of the converted model, in the facts"


def facts() -> dict[str, Any]:
    import tensorflow as tf
    import tf_keras

    default, int8 = [tf.lite.Optimize.DEFAULT], [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    cases: dict[str, dict[str, Any]] = {
        "nothing": {},
        "empty_list": {"optimizations": []},
        "DEFAULT": {"optimizations": default},
        "float16": {"supported_types": [tf.float16]},
        "float16_DEFAULT": {"supported_types": [tf.float16], "optimizations": default},
        "representative_dataset": {"representative_dataset": _samples},
        "representative_dataset_DEFAULT": {"representative_dataset": _samples, "optimizations": default},
        "int8_ops_representative_dataset": {"supported_ops": int8, "representative_dataset": _samples},
        "post_training_quantize": {"post_training_quantize": True},
    }
    found: dict[str, Any] = {}
    for library in (keras, tf_keras):
        model = _model(library)
        weights = model.count_params() * 4
        for label, options in cases.items():
            size = len(_converter(tf, model, options).convert())
            found[f"{library.__name__}_{label}_to_weights"] = round(size / weights, 2)
        typed = _converter(tf, model, {"inference_input_type": tf.int8, "representative_dataset": _samples})
        found[f"{library.__name__}_inference_input_type"] = error_of(typed.convert)
    return found


def _converter(tf: Any, model: Any, options: dict[str, Any]) -> Any:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for name, value in options.items():
        owner = converter.target_spec if name.startswith("supported") else converter
        setattr(owner, name, value)
    return converter


def _samples() -> Iterator[list[Any]]:
    for _ in range(4):
        yield [np.ones((1, 512), "float32")]


def _model(library: Any) -> Any:
    dense = [library.layers.Dense(1024, activation="relu"), library.layers.Dense(512)]
    return library.Sequential([library.Input((512,)), *dense])
