"""KM805 quantize-noop: what `Model.quantize` changes, by kind of layer and mode."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from fresh import error_of
from keras import layers

REASON = "no effect on memory while training: the rule is about bytes of weights, in the facts"
_BYTES = {"float32": 4, "int8": 1, "uint8": 1, "int32": 4}


def facts() -> dict[str, Any]:
    made = {
        "Dense": lambda: [keras.Input((512,)), layers.Dense(512)],
        "Conv2D": lambda: [keras.Input((32, 32, 3)), layers.Conv2D(64, 3), layers.Conv2D(64, 3)],
        "LSTM": lambda: [keras.Input((10, 64)), layers.LSTM(256)],
        "Embedding": lambda: [keras.Input((10,)), layers.Embedding(1000, 64)],
    }
    found: dict[str, Any] = {}
    for name, parts in made.items():
        for mode in ("int8", "int4", "float8"):
            model = keras.Sequential(parts())
            before = _weights(model)
            model.quantize(mode)
            found[f"{name}_{mode}_to_weights"] = round(_weights(model) / before, 2)
    for mode in ("gptq", "awq"):
        model = keras.Sequential(made["Dense"]())
        found[f"{mode}_without_config"] = error_of(lambda m=model, mode=mode: m.quantize(mode))
    model = keras.Sequential(made["Dense"]())
    model.quantize("int8")
    model.compile("adam", "mse")
    kernel = np.array(model.layers[0]._kernel)
    x = np.ones((8, 512), "float32")
    found["fit_after_int8"] = error_of(lambda: model.fit(x, x, verbose=0))
    found["kernel_changed_by_fit_after_int8"] = bool((np.array(model.layers[0]._kernel) != kernel).any())
    found["trainable_after_int8"] = ", ".join(weight.name for weight in model.trainable_weights)
    return found


def _weights(model: Any) -> int:
    return sum(int(np.prod(w.shape)) * _BYTES.get(str(w.dtype), 4) for w in model.weights)
