"""KM809 clustering-misuse: bytes of a clustered model with and without its wrappers."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

REASON = "no effect on memory while training: the rule is about bytes of files, in the facts"


def prepare(folder: Path) -> Path:
    return folder


def facts(folder: Path) -> dict[str, Any]:
    import tensorflow_model_optimization as tfmot

    clustering = tfmot.clustering.keras
    start = clustering.CentroidInitialization.LINEAR
    plain = _model()
    weights = plain.count_params() * 4
    found: dict[str, Any] = {"h5_gzip_plain_to_weights": _saved(plain, folder / "plain.h5", weights)[1]}
    for clusters in (8, 16):
        wrapped = clustering.cluster_weights(_model(), clusters, start)
        stripped = clustering.strip_clustering(wrapped)
        for label, model in (("wrapped", wrapped), ("stripped", stripped)):
            name = f"{clusters}_clusters_{label}"
            found[f"{name}_tflite_to_weights"] = _converted(model, weights)
            if clusters == 16:
                plain_size, packed = _saved(model, folder / f"{name}.h5", weights)
                found[f"{name}_h5_to_weights"], found[f"{name}_h5_gzip_to_weights"] = plain_size, packed
    return found


def _model() -> Any:
    import tf_keras

    layers = [tf_keras.layers.Dense(1024, activation="relu"), tf_keras.layers.Dense(512)]
    return tf_keras.Sequential([tf_keras.Input((512,)), *layers])


def _saved(model: Any, path: Path, weights: int) -> tuple[float, float]:
    model.save(path, include_optimizer=False)
    return round(path.stat().st_size / weights, 2), round(len(gzip.compress(path.read_bytes())) / weights, 2)


def _converted(model: Any, weights: int) -> float:
    import tensorflow as tf

    return round(len(tf.lite.TFLiteConverter.from_keras_model(model).convert()) / weights, 2)
