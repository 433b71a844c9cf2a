"""KM702 memory-growth-misuse: which calls start TensorFlow's runtime, and what it refuses afterwards."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import fresh

REASON = "the effect exists on a GPU only and was not measured; checked here: what starts the runtime, and the errors"

CALLS = {
    "import keras": "import keras",
    "tf.config.list_physical_devices": "tf.config.list_physical_devices('GPU')",
    "tf.config.list_logical_devices": "tf.config.list_logical_devices('GPU')",
    "device_lib.list_local_devices": "from tensorflow.python.client import device_lib; device_lib.list_local_devices()",
    "tf.test.is_gpu_available": "tf.test.is_gpu_available()",
    "tf.test.gpu_device_name": "tf.test.gpu_device_name()",
    "tf.random.set_seed": "tf.random.set_seed(1)",
    "keras.utils.set_random_seed": "tf.keras.utils.set_random_seed(1)",
    "tf.constant": "tf.constant(1.0)",
    "tf.Variable": "tf.Variable(1.0)",
    "tf.random.normal": "tf.random.normal((2,))",
    "tf.data.Dataset.range": "tf.data.Dataset.range(3)",
    "tf.data.TFRecordDataset": "tf.data.TFRecordDataset('file')",
    "tf.distribute.MirroredStrategy": "tf.distribute.MirroredStrategy(['CPU:0'])",
    "keras.Input": "tf.keras.Input((3,))",
    "keras.layers.Dense": "tf.keras.layers.Dense(3)",
    "keras.Sequential, built": "tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(3)])",
    "tf.GradientTape": "tf.GradientTape()",
}

TWO_GPUS = """
import tensorflow as tf
from tensorflow.python.eager import context
tf.config.list_physical_devices("CPU")
gpus = [context.PhysicalDevice(f"/physical_device:GPU:{n}", "GPU") for n in range(2)]
context.context()._physical_devices += gpus
context.context()._visible_device_list += gpus
for gpu in gpus:
    context.context()._memory_growth_map[gpu] = None
limit = [tf.config.LogicalDeviceConfiguration(memory_limit=1024)]
"""
ERRORS = {
    "growth_for_a_list": "tf.config.experimental.set_memory_growth(gpus, True)",
    "growth_for_one_of_two": "tf.config.experimental.set_memory_growth(gpus[0], True); context.context()._compute_gpu_options()",
    "growth_after_a_limit": (
        "tf.config.set_logical_device_configuration(gpus[0], limit)\ntf.config.experimental.set_memory_growth(gpus[0], True)"
    ),
    "a_limit_after_a_tensor": "tf.constant(1.0)\ncontext.context()._physical_devices += gpus\n"
    "tf.config.set_logical_device_configuration(gpus[0], limit)",
    "tf.config.gpu": "tf.config.gpu.set_per_process_memory_growth(True)",
}


# TensorFlow is imported once; each call then has a process of its own, forked before anything was started.
FORKS = """
import os, sys
import keras
import tensorflow as tf
from tensorflow.python.eager import context
for name, code in CALLS.items():
    child = os.fork()
    if child == 0:
        os.close(2)
        exec(code)
        print(f"{name}\\t{'started' if context.context()._initialized else 'not started'}")
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
"""


def facts() -> dict[str, Any]:
    errors = {name: TWO_GPUS + code + "\nprint('no error')" for name, code in ERRORS.items()}
    done = subprocess.run(
        [sys.executable, "-c", f"CALLS = {CALLS!r}\n{FORKS}"], capture_output=True, text=True, timeout=300
    )
    started = dict(line.split("\t") for line in done.stdout.splitlines() if "\t" in line)
    return {**{name: started.get(name, "no answer") for name in CALLS}, **fresh.outcomes(errors)}
