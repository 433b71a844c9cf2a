"""What happens before what: the start of TensorFlow's devices, and what a script says about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call, Setting
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import UNKNOWN, const
from keras_memlint.analysis.facts.starting import LISTS, MODELS, STARTS

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_VISIBLE, _SET_VISIBLE = "CUDA_VISIBLE_DEVICES", "tf.config.set_visible_devices"
_NONE = ("", "-1")  # no GPU at all
_EAGERLY = ("tf.config.run_functions_eagerly", "tf.config.experimental_run_functions_eagerly")


def starts(calls: Iterable[Call]) -> list[Call]:
    """Calls that start TensorFlow's devices, in order; not those in a function that is traced for a pipeline."""
    return [
        call
        for call in calls
        if not call.mapped
        and (
            call.name in STARTS
            or call.name in LISTS
            or (call.name.startswith(MODELS) and isinstance(call.result, Model))
        )
    ]


def surely_before(script: Script, one: Call | Setting, other: Call | Setting) -> bool:
    """Whether ``one`` runs before ``other`` whenever both do, see ``Script.surely_before``."""
    if one.order >= other.order or (one.conditional and other.conditional):
        return False
    start = script.uncalled_from
    if start is None or max(one.order, other.order) <= start:
        return True
    return (
        one.function is not None and other.function is not None and one.function.node is other.function.node
    )


def defaults_set(calls: Iterable[Call]) -> list[Setting]:
    """Environment variables that get a value by ``os.environ.setdefault``."""
    found = []
    for call in calls:
        name = const(call.first()) if call.name == "os.environ.setdefault" else None
        if isinstance(name, str):
            value = call.args[1] if len(call.args) > 1 else UNKNOWN
            node, site = call.node, call.site
            found.append(Setting(name, value, node, call.order, site, call.function, call.conditional))
    return found


def environment_value(script: Script, name: str) -> object:
    """The value the script gives an environment variable; None when it gives none or it is not known."""
    for one in script.environment:
        if one.name == name:
            return const(one.value)
    return None


def cpu_only(script: Script) -> bool:
    """Whether the script hides all GPUs from itself."""
    if environment_value(script, _VISIBLE) in _NONE:
        return True
    return any(const(call.first()) == [] for call in script.calls(_SET_VISIBLE))


def hides_gpus(script: Script) -> bool:
    """Whether the script hides all GPUs from itself on every path."""
    never = [one for one in script.environment if one.name == _VISIBLE]
    if never and all(const(one.value) in _NONE and not one.conditional for one in never):
        return True
    visible = list(script.calls(_SET_VISIBLE))
    return bool(visible) and all(const(one.first()) == [] and not one.conditional for one in visible)


def runs_eagerly(script: Script) -> bool:
    """Whether the script has TensorFlow run graph functions, or a model, operation by operation."""
    compiled = any(call.arg("run_eagerly") is not None for call in script.calls("keras.Model.compile"))
    return compiled or script.uses(*_EAGERLY)
