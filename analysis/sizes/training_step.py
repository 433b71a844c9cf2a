"""What one step of training keeps: weights, gradients, the optimizer's values, activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Object, Value, const
from keras_memlint.analysis.facts import optimizers

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script


@dataclass(frozen=True, slots=True)
class StepParts:
    """What one training step keeps, in bytes: ``sample`` for each sample, the rest once."""

    weights: int
    gradients: int
    slots: int
    sample: int


def step_bytes(script: Script, model: Model) -> tuple[int, int] | None:
    """Bytes of one training step, see ``Script.training_bytes``; None when a size is not known."""
    parts = step_parts(script, model)
    return None if parts is None else (parts.weights + parts.gradients + parts.slots, parts.sample)


def step_parts(script: Script, model: Model) -> StepParts | None:
    """One training step by what it keeps; None when a size is not known."""
    parameters, activations = model.parameters, model.activations
    slots, size = optimizer_slots(model), activation_size(script, model)
    if parameters is None or activations is None or slots is None or size is None:
        return None
    trained = (parameters - model.frozen_parameters) * 4
    return StepParts(parameters * 4, trained, trained * slots, activations * size)


def activation_size(script: Script, model: Model) -> int | None:
    """Bytes of one number of an activation; None when the policy it is made under is not known."""
    mixed = (script.policy_at(model) or "").startswith("mixed_")
    if script.policies and not mixed:
        return None
    return 2 if mixed else 4


def optimizer_slots(model: Model) -> int | None:
    """Values the optimizer keeps for each weight of ``model``; None when it is not compiled or not known."""
    given = model.compiled.arg("optimizer") if model.compiled is not None else None
    return slots_of(given, model.flavour)


def slots_of(given: Value | None, flavour: str) -> int | None:
    """Values that an optimizer keeps for each weight; None when it is not known. ``flavour``: of which Keras it is."""
    keras2 = flavour == "tf_keras"
    if isinstance(given, Object) and given.call is not None and given.api.startswith("keras.optimizers."):
        config = {key: const(value) for key, value in given.call.kwargs.items()}
        return optimizers.optimizer_slots(given.api.rpartition(".")[2], config, keras2=keras2)
    name = const(given)
    return optimizers.optimizer_slots(name, {}, keras2=keras2) if isinstance(name, str) else None
