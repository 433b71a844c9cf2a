"""Small training steps in a process of its own: what TensorFlow's allocator shows, and what liveness says.

``python liveness_cases.py`` prints one JSON object. The allocator only counts when ``TF_CPU_ALLOCATOR_USE_BFC=1`` is set before TensorFlow is
imported, which is why this is no test module.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPU_ALLOCATOR_USE_BFC": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
sys.path.insert(0, str(Path(__file__).parents[2] / "estimate"))

import keras
import numpy as np
import tensorflow as tf
from runner.liveness import liveness

# One operation at a time, as the prediction has it: beside others, tensors live as long as the scheduler likes.
tf.config.threading.set_inter_op_parallelism_threads(1)
layers = keras.layers
SIZES = {"float32": 4, "int32": 4, "int64": 8}


def dense() -> tuple[Any, Any, Any]:
    inputs = [keras.Input((256,)), layers.Dense(1024, activation="relu"), layers.Dropout(0.3)]
    model = keras.Sequential(
        [*inputs, layers.Dense(1024, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    return model, np.ones((512, 256), "float32"), np.zeros(512, "int32")


def convolution() -> tuple[Any, Any, Any]:
    model = keras.Sequential([keras.Input((48, 48, 3))])
    for filters in (16, 32):
        model.add(layers.Conv2D(filters, 3, padding="same"))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(10, activation="softmax"))
    return model, np.ones((64, 48, 48, 3), "float32"), np.zeros(64, "int32")


def lstm() -> tuple[Any, Any, Any]:
    model = keras.Sequential([keras.Input((40,), dtype="int32"), layers.Embedding(500, 64)])
    model.add(layers.LSTM(64))
    model.add(layers.Dense(10, activation="softmax"))
    return model, np.ones((256, 40), "int32"), np.zeros(256, "int32")


def transformer() -> tuple[Any, Any, Any]:
    inputs = keras.Input((64,), dtype="int32")
    h = layers.Embedding(500, 64)(inputs)
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(4, 16, dropout=0.1)(h, h))
    h = layers.LayerNormalization()(h + layers.Dense(64)(layers.Dense(256, activation="gelu")(h)))
    outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling1D()(h))
    return keras.Model(inputs, outputs), np.ones((64, 64), "int32"), np.zeros(64, "int32")


def described(variables: Any, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "name": v.path,
            "bytes": int(np.prod(v.shape)) * SIZES.get(str(v.dtype), 4),
            "shape": list(v.shape),
        }
        for v in variables
    ]


def arrays(*given: Any) -> list[dict[str, Any]]:
    return [
        {"kind": "input", "name": f"{i}", "bytes": a.nbytes, "shape": list(a.shape)}
        for i, a in enumerate(given)
    ]


def measured(step: Callable[..., Any], *arguments: Any, before: int) -> list[int]:
    """The lowest and the highest of nine peaks, as more than ``before``: which one comes depends on how threads are scheduled."""
    step(*arguments)
    peaks = []
    for _ in range(9):
        tf.config.experimental.reset_memory_stats("CPU:0")
        step(*arguments)
        peaks.append(tf.config.experimental.get_memory_info("CPU:0")["peak"] - before)
    return [min(peaks), max(peaks)]


def in_use() -> int:
    return int(tf.config.experimental.get_memory_info("CPU:0")["current"])


def trained(build: Callable[[], tuple[Any, Any, Any]]) -> dict[str, Any]:
    before = in_use()
    model, x, y = build()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    step = tf.function(model.train_step, jit_compile=False)
    peaks = measured(step, (tf.constant(x), tf.constant(y)), before=before)
    state = [v for v in model.variables if not any(v is t for t in model.trainable_variables)]
    arguments = described(model.trainable_variables, "parameter") + described(state, "state")
    arguments += described(model.optimizer.variables, "optimizer") + arrays(x, y)
    specs = [tf.TensorSpec(array.shape, array.dtype) for array in (x, y)]
    answer = liveness(step.get_concrete_function(tuple(specs)), arguments)
    open_specs = [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in (x, y)]
    fresh = tf.function(model.train_step, jit_compile=False)
    any_batch = liveness(fresh.get_concrete_function(tuple(open_specs)), arguments)
    return {"peaks": peaks, "answer": answer, "any_batch": any_batch["cpu"]["peak"]}


def taped() -> dict[str, Any]:
    """A loop of one's own: an embedding's gradient, and plain descent."""
    before = in_use()
    table, kernel = tf.Variable(tf.ones((2000, 128))), tf.Variable(tf.ones((128, 2000)))
    ids = np.ones((512,), "int32")

    @tf.function(jit_compile=False)
    def step(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            found = tf.nn.embedding_lookup(table, batch)
            loss = tf.reduce_mean(tf.square(found @ kernel))
        gradients = tape.gradient(loss, [table, kernel])
        for variable, gradient in zip((table, kernel), gradients, strict=True):
            variable.assign_sub(0.1 * tf.convert_to_tensor(gradient))
        return loss

    peaks = measured(step, tf.constant(ids), before=before)
    arguments = [{"kind": "parameter", "name": name, "bytes": 2000 * 128 * 4} for name in ("table", "kernel")]
    traced = step.get_concrete_function(tf.TensorSpec((512,), tf.int32))
    return {"peaks": peaks, "answer": liveness(traced, arguments + arrays(ids))}


def by_hand() -> dict[str, Any]:
    """Graphs whose peak can be counted: 1 MiB tensors, in and out."""
    mib = tf.TensorSpec((512, 512), tf.float32)
    data = [{"kind": "input", "name": "x", "bytes": 1 << 20, "shape": [512, 512]}]

    def peak(function: Callable[..., Any], signature: Any = mib, given: Any = data) -> int:
        traced = tf.function(function, jit_compile=False).get_concrete_function(signature)
        return int(liveness(traced, given, threads=1)["cpu"]["peak"])

    def pieces(x: Any) -> Any:
        kept = tf.TensorArray(tf.float32, 8, element_shape=(512, 512))
        for i in tf.range(8):
            kept = kept.write(i, tf.sin(x + tf.cast(i, tf.float32)))
        return kept.stack()

    def gradient_of_loop(x: Any, trips: int = 8) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in tf.range(trips):
                y = tf.sin(y)
        return tape.gradient(y, x)

    weights = tf.Variable(tf.ones((512, 512)))
    called = tf.function(lambda x: tf.sin(x) * 2.0)
    return {
        "nothing": peak(lambda x: tf.reshape(x, (-1,))),
        "new": peak(lambda x: tf.transpose(x)),
        "in place": peak(lambda x: tf.exp(tf.sin(tf.cos(x)))),
        "kept": peak(lambda x: tf.sin(x) @ tf.cos(x)),
        "dead": peak(lambda x: (tf.transpose(x), x)[1]),
        "equal": peak(lambda x: tf.sin(x) @ tf.sin(x)),
        "called": peak(lambda x: called(x)),
        "open batch": peak(lambda x: tf.transpose(x), tf.TensorSpec((None, 512), tf.float32)),
        "loop": peak(pieces),
        "loop gradient": peak(gradient_of_loop),
        "long loop": peak(
            lambda x: gradient_of_loop(x, 10_000),
            tf.TensorSpec((32, 32), tf.float32),
            [{"kind": "input", "name": "x", "bytes": 4096, "shape": [32, 32]}],
        ),
        "update": peak(
            lambda x: weights.assign_add(x * 2.0),
            given=[{"kind": "parameter", "name": "w", "bytes": 1 << 20}, *data],
        ),
    }


if __name__ == "__main__":
    found = {build.__name__: trained(build) for build in (dense, convolution, lstm, transformer)}
    print("RESULT " + json.dumps({**found, "taped": taped(), "by hand": by_hand()}))
