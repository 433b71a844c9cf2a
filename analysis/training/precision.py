"""Dtype policies: which are set, when, and whether the script decides about precision at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.values import UNKNOWN, Object, Value, const

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
# Last layers as scripts have them.
_FOLLOW = ("Activation", "Conv2D", "Dense", "Softmax")


def policies(script: Script) -> list[tuple[str | None, Call]]:
    """Global dtype policies set, by name (None when it is not known), with the calls that set them."""
    found: list[tuple[str | None, Call]] = []
    for call in script.calls(
        "keras.mixed_precision.set_dtype_policy", "keras.mixed_precision.experimental.set_policy"
    ):
        given = call.first() if call.args else call.kwargs.get("policy", UNKNOWN)
        found.append((policy_name(given), call))
    for call in script.calls("tf.keras.mixed_precision.experimental.set_policy"):
        found.append((policy_name(call.first()), call))
    return found


def policy_name(value: Value) -> str | None:
    """``mixed_float16`` for the string itself or a policy object made from it."""
    if isinstance(value, Object) and value.call is not None and value.api.endswith("Policy"):
        value = value.call.arg("name") or value.call.first()
    found = const(value)
    return found if isinstance(found, str) else None


def default_dtype(script: Script, dtype: str) -> Call | None:
    """The call that makes ``dtype`` that of all layers, weights included; None when the last word is another.

    ``set_floatx`` counts until the first layer is made; a policy is stronger.
    """
    if script.policies:
        name, setter = script.policies[-1]
        return setter if name == dtype else None
    floats = list(script.calls("keras.backend.set_floatx"))
    if not floats or const(floats[-1].first()) != dtype:
        return None
    made = next((call for call in script.all_calls if isinstance(call.result, (Layer, Model))), None)
    return floats[-1] if made is None or made.order > floats[-1].order else None


def gives_policy_dtype(layer: Layer) -> bool:
    """Whether the output of ``layer`` has the policy's dtype; False as well for layers that are not known to."""
    return layer.name in _FOLLOW and "dtype" not in layer.config


def is_chosen(script: Script) -> bool:
    """Whether the script, or a module it uses, decides about precision: a policy, floatx, or dtypes of layers."""
    if script.policies or script.uses(
        "keras.backend.set_floatx", "tf.train.experimental.enable_mixed_precision_graph_rewrite"
    ):
        return True
    if any(call.name.startswith("keras.") and "dtype" in call.kwargs for call in script.all_calls):
        return True
    if script.environment_value("TF_ENABLE_AUTO_MIXED_PRECISION") is not None:
        return True
    return any(
        "mixed_precision" in imported.dotted for imported in script.imports
    ) or script.project.mentions("mixed_float16", "mixed_bfloat16")


def policy_at(script: Script, model: Model) -> str | None:
    """The policy in force when ``model`` was made; None when none was set before it or its name is not known."""
    made = model.call.order if model.call is not None else 0
    last = model.uses[-1].layer.call if model.uses else None
    made = max(made, last.order if last is not None else 0)
    found: str | None = None
    for name, call in script.policies:
        if not made or (call.order < made and not _stands_below(script, call, model.call, made)):
            found = name
    return found


def _stands_below(script: Script, call: Call, other: Call | None, order: int) -> bool:
    """Whether ``other`` is in a function that nobody calls here, and ``call`` stands below it: who knows which is first."""
    start = script.uncalled_from
    if other is None or start is None or not call.order <= start < order:
        return False
    one, two = script.place(call.node), script.place(other.node)
    return one.source is two.source and one.start > two.start
