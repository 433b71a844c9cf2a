"""KM304: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM304",
    "fp16-custom-loop-no-loss-scaling",
    severity="warning",
    words=("mixed_float16",),
)

_APPLIES = ("apply", "apply_gradients")
_WRAPPERS = ("keras.mixed_precision.LossScaleOptimizer", "keras.optimizers.LossScaleOptimizer")
# Any of these words means that somebody thought of it.
_SCALES = ("scale_loss", "scaled_loss", "loss_scale", "scaled_grad", "unscale")
_HELP = (
    "wrap the optimizer in `LossScaleOptimizer`, and scale the loss inside the tape: `scale_loss` in Keras 3,"
)
_HELP += " `get_scaled_loss` and `get_unscaled_gradients` in Keras 2"


def check(script: Script) -> Iterator[Finding]:
    half = [setter for name, setter in script.policies if name == "mixed_float16"]
    if len(half) != len(script.policies) or not half or not script.uses("tf.GradientTape"):
        return
    text = script.source.text.replace("LossScaleOptimizer", "")
    if any(word in text for word in _SCALES) or script.project.mentions(*_SCALES):
        return
    for call in script.all_calls:
        message = _message(script, call)
        if message is None:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=message,
            help=_HELP,
            related=(("the policy is set here", script.call_place(half[0])),),
        )


def _message(script: Script, call: Call) -> str | None:
    """What goes wrong at a call that applies gradients; None for other calls, and for optimizers that are not known."""
    owner, _, method = call.name.rpartition(".")
    if method not in _APPLIES:
        return None
    optimizer = call.receiver.api if isinstance(call.receiver, Object) else ""
    compiled = owner == "?.optimizer" and _is_train_step(script, call)
    if optimizer in _WRAPPERS or compiled:
        # What `compile` wraps divides the gradients by a scale that the loss was never multiplied with.
        divided = "Keras 3 divides the gradients by 32,768 and trains next to nothing"
        return f"`LossScaleOptimizer` gets gradients of a loss that was not scaled: {divided}, Keras 2 lets them underflow"
    if optimizer.startswith("keras.optimizers."):
        return "gradients of a float16 model are applied without loss scaling: small ones underflow to zero"
    return None


def _is_train_step(script: Script, call: Call) -> bool:
    """Whether ``call`` stands in the ``train_step`` of a model that the script trains."""
    function = call.function
    if function is None or function.name != "train_step" or not any(True for _ in script.trainings):
        return False
    return any(
        cls.scope.names.get("train_step") is not None
        and cls.api_base() in ("keras.Model", "keras.Sequential")
        for cls in script.classes
    )
