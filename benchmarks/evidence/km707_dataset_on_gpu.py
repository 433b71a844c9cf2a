"""KM707 dataset-on-gpu: tensors of whole arrays live where they are made."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

REASON = "the effect exists on a GPU only and was not measured; checked here: that a device scope for the CPU holds"


def facts() -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tf.device("/CPU:0"):
        found["constant_under_CPU_scope"] = tf.constant(np.zeros(4, "float32")).device.rpartition("/")[2]
        found["converted_under_CPU_scope"] = tf.convert_to_tensor(np.zeros(4, "float32")).device.rpartition(
            "/"
        )[2]
        data = tf.data.Dataset.from_tensor_slices(np.zeros((4, 2), "float32"))
    found["data_set_made_under_CPU_scope_reads"] = len(list(data))
    return found
