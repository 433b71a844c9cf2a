"""KM213 from-generator-missing-signature: elements of unknown rank cannot be fitted by Keras 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from fresh import error_of

REASON = "no memory effect: the rule is about an error"


def facts() -> dict[str, Any]:
    import keras
    import tf_keras

    types = (tf.float32, tf.float32)
    unknown = tf.data.Dataset.from_generator(_samples, types)
    shaped = tf.data.Dataset.from_generator(_samples, types, ((4,), ()))
    ranked = tf.data.Dataset.from_generator(_samples, types, ((None,), ()))
    signed = tf.data.Dataset.from_generator(
        _samples, output_signature=(tf.TensorSpec((4,), tf.float32), tf.TensorSpec((), tf.float32))
    )
    found: dict[str, Any] = {"shape_with_output_types_alone": str(unknown.element_spec[0].shape)}
    for library in (keras, tf_keras):
        for built in (False, True):
            for method in ("fit", "evaluate", "predict"):
                name = f"{library.__name__}_{'built' if built else 'unbuilt'}_{method}_output_types_alone"
                found[name] = _outcome(library, built, method, unknown)
    for name, dataset in (("output_shapes", shaped), ("output_signature", signed)):
        found[f"keras_built_fit_{name}"] = _outcome(keras, True, "fit", dataset)
    found["keras_built_fit_output_shapes_of_unknown_axes"] = _outcome(keras, True, "fit", ranked)
    mapped = unknown.map(lambda x, y: (tf.ensure_shape(x, (4,)), tf.ensure_shape(y, ())))
    found["keras_built_fit_output_types_alone_then_ensure_shape"] = _outcome(keras, True, "fit", mapped)
    images = tf.data.Dataset.from_generator(_images, tf.float32)
    found["resize_of_output_types_alone"] = error_of(
        lambda: images.map(lambda image: tf.image.resize(image, (4, 4)))
    )
    found["padded_batch_of_output_types_alone"] = error_of(lambda: unknown.padded_batch(4))
    return found


def _outcome(library: Any, built: bool, method: str, dataset: Any) -> str:
    layers = [library.Input((4,))] if built else []
    model = library.Sequential([*layers, library.layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = dataset.batch(4)
    if method == "predict":
        batches = batches.map(lambda x, y: x)
    error = error_of(lambda: getattr(model, method)(batches, verbose=0))
    return error if len(error) < 100 else error[:100] + "…"


def _samples() -> Any:
    for number in range(16):
        yield np.ones(4, "float32"), np.float32(number)


def _images() -> Any:
    for _ in range(4):
        yield np.ones((8, 8, 3), "float32")
