"""Which tier a script gets, and what fits: the processes are played by stand-ins, their real answers are tested elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from keras_memlint.analysis.sizes.measurement import fitting
from keras_memlint.analysis.sizes.settings import GIB, MIB
from keras_memlint.estimate import devices, targets
from keras_memlint.estimate.compiler.client import Compiled, Compiler, Stats
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.prediction import Predictor
from keras_memlint.estimate.result import Breakdown, Range
from keras_memlint.estimate.steps import Program, Steps, Variant

T4 = devices.get("t4")


class StepsStandIn:
    """A script's answers."""

    def __init__(self, **changes: Any) -> None:
        self.caught: dict[str, Any] = {
            "backend": "tensorflow",
            "hook": "fit",
            "batch_size": 32,
            "jit": {"here": False, "on_gpu": True},
            "can": ["program", "liveness"],
            "cannot": {},
            "layers": [],
            "bytes": {
                "parameters": 100 * MIB,
                "trainable": 100 * MIB,
                "optimizer": 200 * MIB,
                "inputs": 8 * MIB,
            },
        } | changes
        self.asked: list[Variant] = []

    def program(self, variant: Variant) -> Program:
        self.asked.append(variant)
        return Program(Path("step.mlirbc"), self.caught["backend"], ())

    def liveness(self, variant: Variant, device: devices.Device) -> dict[str, Any]:
        self.asked.append(variant)
        return {
            "peak": 500 * MIB,
            "breakdown": {"parameters": 100 * MIB},
            "timeline": [[0.0, 300 * MIB], [1.0, 500 * MIB]],
            "top": [],
            "unknown": 3,
            "workspace": {"low": 0, "mid": 10 * MIB, "high": 50 * MIB},
        }


class CompilerStandIn:
    """A compiler that needs 400 MiB for every program, or refuses them all."""

    def __init__(self, refuses: str | None = None) -> None:
        self.refuses = refuses

    def compile(self, *_: Any, **__: Any) -> Compiled:
        if self.refuses is not None:
            raise EstimateError(self.refuses)
        stats = Stats(
            arguments=308 * MIB,
            outputs=300 * MIB,
            aliased=300 * MIB,
            temporary=92 * MIB,
            constants=0,
            peak=400 * MIB,
        )
        return Compiled(stats, Breakdown(parameters=100 * MIB), (), (), {}, 0, {})


def predictor(steps: StepsStandIn, refuses: str | None = None) -> Predictor:
    return Predictor(cast(Steps, steps), cast(Compiler, CompilerStandIn(refuses)))


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({}, "compiler"),
        ({"backend": "jax", "can": ["program"]}, "compiler"),
        ({"jit": {"here": False, "on_gpu": False}}, "liveness"),
        ({"can": ["liveness"], "cannot": {"program": "no"}}, "liveness"),
        ({"backend": "torch", "can": [], "cannot": {}}, "bound"),
    ],
)
def test_tier_of_a_script(changes: dict[str, Any], tier: str) -> None:
    asked = predictor(StepsStandIn(**changes))
    assert asked.tier == tier
    assert asked(Variant(batch=32), T4).tier == tier


def test_a_refusal_of_the_compiler_leads_to_the_next_tier() -> None:
    asked = predictor(StepsStandIn(), refuses="an operation is unknown")
    with pytest.raises(EstimateError):
        asked(Variant(batch=32), T4)
    assert asked.fall_back("an operation is unknown")
    found = asked(Variant(batch=32), T4)
    assert found.tier == "liveness"
    assert found.note is not None
    assert "an operation is unknown" in found.note
    assert "3 tensors of unknown size" in found.note
    assert not asked.fall_back("once is enough")


def test_a_variant_is_asked_for_once() -> None:
    steps = StepsStandIn()
    asked = predictor(steps)
    assert asked(Variant(batch=16), T4) == asked(Variant(batch=16), T4)
    assert steps.asked == [Variant(batch=16)]


def test_liveness_is_a_range_around_the_peak() -> None:
    found = predictor(StepsStandIn(can=["liveness"]))(Variant(batch=32), T4).program
    # The middle figure of the workspace is part of the peak already.
    assert found == Range(int(0.9 * 490 * MIB), 500 * MIB, int(1.1 * 540 * MIB))


def test_lower_bound_counts_what_is_certain() -> None:
    asked = predictor(StepsStandIn(backend="torch", can=[]))
    found = asked(Variant(batch=32), T4)
    assert found.program == Range(408 * MIB, 408 * MIB, 408 * MIB)
    with pytest.raises(EstimateError, match="lower bound"):
        asked(Variant(batch=64), T4)


@pytest.mark.parametrize(
    ("low", "high", "fits"), [(10, 14, "yes"), (10, 15, "yes"), (14, 16, "borderline"), (16, 18, "no")]
)
def test_fitting(low: int, high: int, fits: str) -> None:
    assert fitting(low, high, 15) == fits


def test_a_lower_bound_never_says_yes() -> None:
    small = Range(GIB, GIB, GIB)
    assert targets.target("T4", 15 * GIB, "bound", "", small, small).fits == "borderline"
    assert targets.target("T4", GIB, "bound", "", small, small).fits == "no"


def test_context_is_added_to_the_program() -> None:
    row = targets.target("T4", 15 * GIB, "compiler", "", Range(1, 2, 3), Range(10, 20, 30))
    assert row.device_total_bytes == Range(11, 22, 33)
