"""KM705 multiprocess-gpu-grab: every process that trains reserves GPU memory for itself."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

REASON = "the effect exists on a GPU only and was not measured; checked here: which settings reach another process"
THREADS = 3


def facts() -> dict[str, Any]:
    import tensorflow as tf

    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        threads, growth = pool.apply(_settings)
    return {
        "a_tf.config_setting_of_the_parent_reaches_a_spawned_process": threads == THREADS,
        "an_environment_variable_of_the_parent_reaches_a_spawned_process": growth == "true",
    }


def _settings() -> tuple[int, str | None]:
    import tensorflow as tf

    threads: int = tf.config.threading.get_intra_op_parallelism_threads()
    return threads, os.environ.get("TF_FORCE_GPU_ALLOW_GROWTH")
