"""KM708 no-monitoring: TensorFlow's own count of the memory it uses."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

REASON = (
    "what nvidia-smi shows needs a GPU and was not measured; checked here: the two functions of TensorFlow"
)


def facts() -> dict[str, Any]:
    held = tf.ones(1_000_000)
    old, new = tf.config.experimental.get_memory_usage, tf.config.experimental.get_memory_info
    return {
        "bytes_held": int(held.shape[0]) * 4,
        "get_memory_usage_equals_current": old("CPU:0") == new("CPU:0")["current"],
        "keys_of_get_memory_info": ", ".join(sorted(new("CPU:0"))),
        "get_memory_usage_is_deprecated": "deprecated" in (old.__doc__ or "").lower(),
    }
