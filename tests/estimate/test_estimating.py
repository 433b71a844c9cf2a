"""One estimate over several GPUs: the processes are played by stand-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from keras_memlint.estimate import devices
from keras_memlint.estimate.compiler.client import Compiled, Compiler
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.estimating import _bases
from keras_memlint.estimate.prediction import Predictor
from keras_memlint.estimate.progress import silent
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
