"""KM704 two-frameworks-one-gpu: two frameworks in one process each reserve GPU memory for themselves."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "the effect exists on a GPU only and was not measured; checked here: that the inserted line does no harm without one"

HIDE = "import tensorflow as tf\ntf.config.set_visible_devices([], 'GPU')\n"
IN_TURN = {
    "hidden_without_gpus": HIDE + "print('no error')",
    "hidden_then_tf.data": HIDE + "print(sum(int(n) for n in tf.data.Dataset.range(3)))",
    "hidden_then_tf.constant_is_on": HIDE + "print(tf.constant(1.0).device.rpartition('/')[2])",
    "hidden_after_a_tensor_without_gpus": "import tensorflow as tf\ntf.constant(1.0)\n"
    + HIDE
    + "print('no error')",
}


def facts() -> dict[str, Any]:
    return dict(fresh.outcomes(IN_TURN))
