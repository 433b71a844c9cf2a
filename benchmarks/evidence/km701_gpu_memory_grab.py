"""KM701 gpu-memory-grab: without memory growth TensorFlow reserves nearly all memory of every GPU it sees."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "the effect exists on a GPU only and was not measured; checked here: the inserted loop does no harm without one"

LOOP = """
import tensorflow as tf
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
"""

# A listed device that is not there: memory growth is refused before TensorFlow looks for the hardware.
ABSENT_GPU = """
import tensorflow as tf
from tensorflow.python.eager import context
cpus = tf.config.list_physical_devices("CPU")
gpu = context.PhysicalDevice("/physical_device:GPU:0", "GPU")
context.context()._physical_devices.append(gpu)
"""

IN_TURN = {
    "loop_without_gpus": LOOP + "print('no error')",
    "loop_without_gpus_after_initialisation": "import tensorflow as tf; tf.constant(1.0) + 1\n"
    + LOOP
    + "print('no error')",
    "loop_without_gpus_after_a_fit": (
        "import keras, numpy as np\n"
        "model = keras.Sequential([keras.layers.Dense(1)]); model.compile('sgd', 'mse')\n"
        "model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)\n" + LOOP + "print('no error')"
    ),
    "gpus[0]_without_gpus": (
        "import tensorflow as tf\n"
        "tf.config.experimental.set_memory_growth(tf.config.list_physical_devices('GPU')[0], True)"
    ),
    "growth_of_an_absent_gpu_before_initialisation": ABSENT_GPU
    + "tf.config.experimental.set_memory_growth(gpu, True); print('no error')",
    "growth_of_an_absent_gpu_after_initialisation": ABSENT_GPU
    + "tf.constant(1.0) + 1; context.context()._physical_devices.append(gpu)\n"
    "tf.config.experimental.set_memory_growth(gpu, True); print('no error')",
    "growth_of_the_cpu": (
        "import tensorflow as tf\n"
        "tf.config.experimental.set_memory_growth(tf.config.list_physical_devices('CPU')[0], True)"
    ),
    "tf.config.set_memory_growth": "import tensorflow as tf; tf.config.set_memory_growth",
    "get_memory_info_of_the_cpu_while_4_MB_are_held": (
        "import tensorflow as tf; held = tf.ones(1_000_000); print(tf.config.experimental.get_memory_info('CPU:0'))"
    ),
}


def facts() -> dict[str, Any]:
    return dict(fresh.outcomes(IN_TURN))
