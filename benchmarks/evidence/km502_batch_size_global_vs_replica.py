"""KM502 batch-size-global-vs-replica: what a replica gets of a batch, under strategies for several devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

REPLICAS = 4  # logical devices of one CPU
BATCH = 2048  # of a replica
UNITS = 1024

_JAX = """
import json, jax, keras, numpy as np
seen = []
class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
    def call(self, x):
        jax.debug.inspect_array_sharding(x, callback=lambda found: seen.append(found.shard_shape(x.shape)))
        return self.dense(x)
keras.distribution.set_distribution(keras.distribution.DataParallel())
model = Model()
model.compile("sgd", "mse")
model.fit(np.zeros((32, 4)), np.zeros((32, 1)), batch_size=32, verbose=0)
print(json.dumps([len(jax.devices()), seen[-1][0]]))
"""


def prepare(_folder: Path) -> Any:
    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * REPLICAS
    tf.config.set_logical_device_configuration(cpu, devices)
    return tf.distribute.MirroredStrategy([f"CPU:{at}" for at in range(REPLICAS)])


def bad(strategy: Any) -> Any:
    """The batch multiplied by the number of replicas twice."""
    return _trained(strategy, BATCH * strategy.num_replicas_in_sync * strategy.num_replicas_in_sync)


def good(strategy: Any) -> Any:
    """Once."""
    return _trained(strategy, BATCH * strategy.num_replicas_in_sync)


def facts(strategy: Any) -> dict[str, Any]:
    rows = REPLICAS * 8

    def of_each(context: Any) -> Any:
        return _batches(context.get_per_replica_batch_size(rows))

    return {
        "batch_of_fit": rows,
        "a_replica_gets_of_arrays": _rows(strategy, {"batch_size": rows}),
        "a_replica_gets_of_a_dataset": _rows(strategy, {}, _batches(rows)),
        "a_replica_gets_of_experimental_distribute_dataset": _rows(
            strategy, {}, strategy.experimental_distribute_dataset(_batches(rows))
        ),
        "a_replica_gets_of_distribute_datasets_from_function": _rows(
            strategy, {}, strategy.distribute_datasets_from_function(lambda _context: _batches(rows))
        ),
        "a_replica_gets_with_get_per_replica_batch_size": _rows(
            strategy, {}, strategy.distribute_datasets_from_function(of_each)
        ),
        "the_device_gets_where_the_model_is_made_outside_of_the_scope": _rows(None, {"batch_size": rows}),
        "made_outside_and_compiled_inside": _error(strategy, keras),
        "a_part_made_outside": _error(strategy, keras, part=True),
        "made_outside_and_compiled_inside_with_tf_keras": _error(strategy, __import__("tf_keras")),
        "a_device_gets_with_DataParallel_on_jax": _on_jax(),
    }


def _trained(strategy: Any, batch: int) -> Any:
    with strategy.scope():
        layers = [keras.layers.Dense(UNITS, activation="relu") for _ in range(3)]
        model = keras.Sequential([keras.Input((16,)), *layers, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    x = np.zeros((batch, 16), "float32")
    model.fit(x, x[:, :1], batch_size=batch, verbose=0)
    return model


def _batches(rows: int) -> Any:
    return tf.data.Dataset.from_tensors((tf.zeros(4), tf.zeros(1))).repeat().batch(rows, drop_remainder=True)


def _rows(strategy: Any, options: dict[str, Any], dataset: Any = None) -> int:
    """How many samples one replica gets in a step."""
    seen: list[int] = []

    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            tf.py_function(lambda count: seen.append(int(count)), [tf.shape(x)[0]], [])
            return self.dense(x)

    model = None
    if strategy is None:
        model = Model()
        model.compile("sgd", "mse")
    else:
        with strategy.scope():
            model = Model()
            model.compile("sgd", "mse")
    if dataset is None:
        model.fit(np.zeros((64, 4)), np.zeros((64, 1)), epochs=1, verbose=0, **options)
    else:
        model.fit(dataset, steps_per_epoch=2, verbose=0)
    return max(seen)


def _error(strategy: Any, kind: Any, *, part: bool = False) -> str:
    made = kind.Sequential([kind.Input((4,)), kind.layers.Dense(1)])
    try:
        with strategy.scope():
            model = kind.Sequential([made, kind.layers.Dense(1)]) if part else made
            model.compile("adam", "mse")
        model.fit(np.zeros((64, 4)), np.zeros((64, 1)), verbose=0)
    except (AssertionError, RuntimeError, ValueError) as error:
        return type(error).__name__
    return "none"


def _on_jax() -> int:
    flags = f"--xla_force_host_platform_device_count={REPLICAS}"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", _JAX], env=environment, capture_output=True, text=True, check=True
    )
    devices, rows = json.loads(done.stdout.splitlines()[-1])
    assert devices == REPLICAS
    return int(rows)
