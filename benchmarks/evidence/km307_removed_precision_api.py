"""KM307 removed-precision-api: which names of old mixed-precision code still exist."""

from __future__ import annotations

from typing import Any

import fresh

REASON = "no memory effect of its own: the code fails, or trains in float32 instead"


def facts() -> dict[str, Any]:
    import keras
    import tensorflow as tf
    import tf_keras

    found: dict[str, Any] = {}
    for library in (keras, tf_keras):
        name, module = library.__name__, library.mixed_precision
        found[f"{name}_has_mixed_precision.experimental"] = hasattr(module, "experimental")
        found[f"{name}_has_set_policy"] = hasattr(module, "set_policy")
        found[f"{name}_has_set_global_policy"] = hasattr(module, "set_global_policy")
        found[f"{name}_has_Policy"] = hasattr(module, "Policy")
        found[f"{name}_has_get_scaled_loss"] = hasattr(module.LossScaleOptimizer, "get_scaled_loss")
        found[f"{name}_has_scale_loss"] = hasattr(module.LossScaleOptimizer, "scale_loss")
        found[f"{name}_Policy_with_loss_scale"] = fresh.error_of(
            lambda module=module: module.Policy("mixed_float16", loss_scale="dynamic")
        )
        found[f"{name}_LossScaleOptimizer_with_loss_scale"] = fresh.error_of(
            lambda module=module, library=library: module.LossScaleOptimizer(
                library.optimizers.SGD(), loss_scale="dynamic"
            )
        )
    rewrite = "enable_mixed_precision_graph_rewrite"
    found[f"tf.train.experimental.{rewrite}"] = hasattr(tf.train.experimental, rewrite)
    found[f"tf.compat.v1.train.experimental.{rewrite}"] = hasattr(tf.compat.v1.train.experimental, rewrite)
    return found
