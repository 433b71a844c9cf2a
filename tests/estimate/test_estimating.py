"""One estimate over several GPUs: the processes are played by stand-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from keras_memlint.estimate import devices, steps
from keras_memlint.estimate.compiler.client import Compiled, Compiler
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.estimating import _bases
from keras_memlint.estimate.prediction import Predictor
from keras_memlint.estimate.progress import silent
from keras_memlint.estimate.request import Request
from keras_memlint.estimate.steps import Steps, Variant
from test_prediction import CompilerStandIn, StepsStandIn


class RefusesOne(CompilerStandIn):
    """A compiler that cannot build for one of the GPUs."""

    def compile(self, program: Path, arguments: Any, device: Device, **options: Any) -> Compiled:
        if device.gpu.name == "T4":
            raise EstimateError("no kernel for T4")
        return super().compile(program, arguments, device, **options)


def test_all_gpus_get_the_same_tier() -> None:
    predictor = Predictor(cast(Steps, StepsStandIn()), cast(Compiler, RefusesOne()))
    asked = [devices.get("a100-40"), devices.get("t4")]
    found = _bases(predictor, Variant(batch=32), asked, silent)
    assert [prediction.tier for prediction in found] == ["liveness", "liveness"]
    assert all("no kernel for T4" in (prediction.note or "") for prediction in found)


class SessionStandIn:
    """A script that sets its policy by itself, whatever is asked for."""

    closed = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        self.caught = {"policy": "float32", "backend": "jax"}

    def close(self) -> None:
        SessionStandIn.closed += 1


def test_a_policy_that_the_script_does_not_take_is_no_other_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "Session", SessionStandIn)
    monkeypatch.setattr(SessionStandIn, "closed", 0)
    request = Request(script=Path("train.py"), module=None, python="python", cwd=Path())
    with Steps(request) as asked:
        with pytest.raises(EstimateError, match="does not take the policy mixed_bfloat16"):
            asked.program(Variant(policy="mixed_bfloat16"))
        assert SessionStandIn.closed == 1
    with pytest.raises(EstimateError, match="does not take the policy mixed_float16"):
        Steps(Request(Path("train.py"), None, "python", Path(), policy="mixed_float16"))
    assert SessionStandIn.closed == 3
