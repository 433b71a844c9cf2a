"""KM804 pruned-not-compressed: bytes of a pruned model, as it is saved and compressed."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np

REASON = "no effect on memory while training: the rule is about bytes of files, in the facts"
SPARSITY = 0.8


def prepare(folder: Path) -> Path:
    return folder


def facts(folder: Path) -> dict[str, Any]:
    import tensorflow as tf
    import tensorflow_model_optimization as tfmot

    pruning, optimize = tfmot.sparsity.keras, tf.lite.Optimize
    plain = _model()
    weights = plain.count_params() * 4
    schedule = pruning.ConstantSparsity(SPARSITY, begin_step=0, frequency=1)
    pruned = pruning.prune_low_magnitude(_model(), pruning_schedule=schedule)
    pruned.compile("adam", "mse")
    x = np.random.default_rng(0).random((64, 512), dtype="float32")
    pruned.fit(x, x, epochs=2, verbose=0, callbacks=[pruning.UpdatePruningStep()])
    stripped = pruning.strip_pruning(pruned)
    found: dict[str, Any] = {}
    for label, model in (("plain", plain), ("pruned", stripped)):
        model.save(folder / f"{label}.h5", include_optimizer=False)
        content = (folder / f"{label}.h5").read_bytes()
        found[f"{label}_h5_to_weights"] = round(len(content) / weights, 2)
        found[f"{label}_h5_gzip_to_weights"] = round(len(gzip.compress(content)) / weights, 2)
    for label, optimizations in (
        ("nothing", []),
        ("SPARSITY", [optimize.EXPERIMENTAL_SPARSITY]),
        ("DEFAULT", [optimize.DEFAULT]),
        ("DEFAULT_SPARSITY", [optimize.DEFAULT, optimize.EXPERIMENTAL_SPARSITY]),
    ):
        converter = tf.lite.TFLiteConverter.from_keras_model(stripped)
        converter.optimizations = optimizations
        found[f"pruned_tflite_{label}_to_weights"] = round(len(converter.convert()) / weights, 2)
    return found


def _model() -> Any:
    import tf_keras

    layers = [tf_keras.layers.Dense(1024, activation="relu"), tf_keras.layers.Dense(512)]
    return tf_keras.Sequential([tf_keras.Input((512,)), *layers])
