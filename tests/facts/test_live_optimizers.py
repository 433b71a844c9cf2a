"""The optimizer table against real Keras: what each optimizer keeps, and the order of its parameters."""

from __future__ import annotations

import inspect
import math

import keras
import pytest
from keras_memlint.analysis.facts.optimizers import OPTIMIZERS, optimizer_slots
from keras_memlint.analysis.interpret.layers import UNKNOWN

NOT_OPTIMIZERS = {"Optimizer", "OptimizerMap"}
CLASSES = sorted(
    name
    for name, kind in vars(keras.optimizers).items()
    if inspect.isclass(kind) and name not in NOT_OPTIMIZERS
)
OWN_STATE = [name for name in CLASSES if name not in ("LossScaleOptimizer", "MultiOptimizer")]
EXTRAS: list[dict[str, object]] = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.0},
    {"amsgrad": True},
    {"centered": True},
    {"nesterov": True},
    {"use_ema": True},
    {"gradient_accumulation_steps": 2},
    {"use_ema": True, "gradient_accumulation_steps": 4, "momentum": 0.9},
    {"learning_rate": 0.1, "clipnorm": 1.0, "weight_decay": 0.01},
]


def _takes(name: str, config: dict[str, object]) -> bool:
    return set(config) <= set(inspect.signature(getattr(keras.optimizers, name).__init__).parameters)


GRID = [(name, config) for name in OWN_STATE for config in EXTRAS if _takes(name, config)]


@pytest.mark.parametrize(("name", "config"), GRID, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_slots_are_what_keras_allocates(name: str, config: dict[str, object]) -> None:
    weight = keras.Variable(keras.ops.zeros((512, 512)), name="weight")
    optimizer = getattr(keras.optimizers, name)(**config)
    optimizer.build([weight])
    real = sum(math.prod(variable.shape) for variable in optimizer.variables) / 512**2

    assert optimizer_slots(name, config) == round(real)
    # Step counters and, for Adafactor, two vectors; no further slot.
    assert abs(real - round(real)) < 0.01


def test_muon_keeps_a_second_value_for_what_it_leaves_to_adam() -> None:
    """The documented exception: biases and embeddings have two slots."""
    optimizer = keras.optimizers.Muon()
    optimizer.build([keras.Variable(keras.ops.zeros(4096), name="bias")])
    assert round(sum(math.prod(v.shape) for v in optimizer.variables) / 4096) == 2


@pytest.mark.parametrize("name", CLASSES)
def test_signature_is_that_of_keras(name: str) -> None:
    parameters = list(inspect.signature(getattr(keras.optimizers, name).__init__).parameters.values())[1:]
    positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    assert OPTIMIZERS[name].params == positional


@pytest.mark.parametrize(
    "name", [name for name in OWN_STATE if name != "Lamb"]
)  # Keras has no short name for it
def test_names_for_compile(name: str) -> None:
    assert type(keras.optimizers.get(name.lower())).__name__ == name
    assert optimizer_slots(name.lower(), {}) == optimizer_slots(name, {})


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("SGD", {"momentum": UNKNOWN}),
        ("Adam", {"amsgrad": UNKNOWN}),
        ("Adam", {"use_ema": UNKNOWN}),
        ("Adam", {"gradient_accumulation_steps": UNKNOWN}),
        ("RMSprop", {"centered": "yes"}),
        ("LossScaleOptimizer", {}),
        ("MyOptimizer", {}),
        ("", {}),
    ],
)
def test_unknown_slots(name: str, config: dict[str, object]) -> None:
    assert optimizer_slots(name, config) is None
