"""KM302 fp16-output-not-float32: under a mixed policy the probabilities are half-width too."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

REASON = "no memory effect: the rule is about the numbers that come out"


def facts() -> dict[str, Any]:
    import tf_keras

    found: dict[str, Any] = {}
    for policy in ("mixed_float16", "mixed_bfloat16"):
        for library in (keras, tf_keras):
            name = f"{library.__name__}_{policy}"
            setter = getattr(library.mixed_precision, "set_dtype_policy", None)
            (setter or library.mixed_precision.set_global_policy)(policy)
            plain, wide = _dense(library), _dense(library, dtype="float32")
            found[f"{name}_Dense_softmax_output"] = _output(plain)
            found[f"{name}_Dense_softmax_with_dtype_float32_output"] = _output(wide)
            found[f"{name}_weights_with_and_without_dtype"] = f"{_weights(wide)} and {_weights(plain)}"
            found[f"{name}_linear_float32_activation_after_it_output"] = _output(
                plain, library.layers.Activation("linear", dtype="float32")
            )
            found[f"{name}_predict_returns"] = _predicted(library, _dense(library))
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    found["largest_probability_error_float16"] = _error()
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    found["largest_probability_error_bfloat16"] = _error()
    return found


def _dense(library: Any, **options: Any) -> Any:
    return library.layers.Dense(10, activation="softmax", **options)


def _output(*layers: Any) -> str:
    value: Any = np.ones((2, 4), "float32")
    for layer in layers:
        value = layer(value)
    return str(value.dtype.name)


def _weights(layer: Any) -> str:
    return str(np.dtype(getattr(layer.weights[0].dtype, "name", layer.weights[0].dtype)))


def _predicted(library: Any, layer: Any) -> str:
    model = library.Sequential([library.Input((4,)), layer])
    return str(model.predict(np.ones((2, 4), "float32"), verbose=0).dtype)


def _error() -> float:
    """Against the same layer with dtype float32, for logits of a trained classifier's size."""
    x = np.random.default_rng(0).normal(0, 4, (1000, 10)).astype("float32")
    narrow, wide = keras.layers.Activation("softmax"), keras.layers.Activation("softmax", dtype="float32")
    return float(np.abs(np.array(narrow(x)).astype("float32") - np.array(wide(x))).max())
