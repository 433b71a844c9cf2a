"""KM606 clear-session-misuse: what clear_session takes away, and spellings that do not clear."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

REASON = "no memory effect of its own: the rule is about calls that do nothing, fail or undo a setting"


def facts() -> dict[str, Any]:
    import tensorflow as tf
    import tf_keras

    found: dict[str, Any] = {
        "keras.clear_session": hasattr(keras, "clear_session"),
        "tf.keras.clear_session": hasattr(tf.keras, "clear_session"),
        "keras.backend.clear_session": hasattr(keras.backend, "clear_session"),
        "keras.utils.clear_session": hasattr(keras.utils, "clear_session"),
        "tf.keras.backend.clear_session": hasattr(tf.keras.backend, "clear_session"),
        "tf.reset_default_graph": hasattr(tf, "reset_default_graph"),
    }
    for library in (keras, tf_keras):
        name = library.__name__
        found[f"{name}_policy_after_clear_session"] = _policy(library)
        found[f"{name}_model_trains_after_clear_session"] = _trains(library)
    found["keras_floatx_after_clear_session"] = _floatx()
    return found


def _policy(library: Any) -> str:
    """The global policy after `mixed_float16` was set and the session cleared, and what a new layer computes in."""
    precision = library.mixed_precision
    setter = getattr(precision, "set_dtype_policy", None) or precision.set_global_policy
    setter("mixed_float16")
    library.backend.clear_session()
    layer = library.layers.Dense(1)
    now = getattr(precision, "dtype_policy", None) or precision.global_policy
    name = f"{now().name}, a new layer computes in {layer.compute_dtype}"
    setter("float32")
    return name


def _floatx() -> str:
    keras.config.set_floatx("float64")
    keras.backend.clear_session()
    name: str = keras.config.floatx()
    keras.config.set_floatx("float32")
    return name


def _trains(library: Any) -> bool:
    model = library.Sequential([library.Input((4,)), library.layers.Dense(2), library.layers.Dropout(0.5)])
    model.compile("adam", "mse")
    x = np.zeros((8, 4), "float32")
    library.backend.clear_session()
    model.fit(x, x[:, :2], verbose=0)
    return True
