"""KM303 policy-set-too-late: layers keep the policy they were made under."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import keras

REASON = "the saving that is missed is that of KM301; here: which dtype layers compute in"


def facts() -> dict[str, Any]:
    import tf_keras

    return {**_facts(keras), **_facts(tf_keras)}


def _facts(library: Any) -> dict[str, Any]:
    name = library.__name__
    library.mixed_precision.set_global_policy("float32")
    layer = library.layers.Dense(3)
    model = library.Sequential([library.Input((2,)), layer])
    file = Path(tempfile.mkdtemp()) / "model.keras"
    model.save(file)
    library.mixed_precision.set_global_policy("mixed_float16")
    model.compile("adam", "mse")
    return {
        f"{name}_made_before_computes_in": str(layer.compute_dtype),
        f"{name}_optimizer_after_compile": type(model.optimizer).__name__,
        f"{name}_made_after_computes_in": str(library.layers.Dense(3).compute_dtype),
        f"{name}_clone_made_after_computes_in": str(
            library.models.clone_model(model).layers[-1].compute_dtype
        ),
        f"{name}_loaded_after_computes_in": str(library.models.load_model(file).layers[-1].compute_dtype),
    }
