"""Asking the driver. The driver itself is absent hardware here, so its Python package is played by a stand-in."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest
from keras_memlint.analysis.sizes.nvml import DetectedGpu, gpus


class Driver(ModuleType):
    """As much of pynvml as is asked for, with one A100."""

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.shut_down = False
        self.nvmlInit = lambda: None
        self.nvmlDeviceGetCount = lambda: 1
        self.nvmlDeviceGetHandleByIndex = lambda index: f"handle {index}"
        self.nvmlDeviceGetName = lambda handle: "NVIDIA A100-SXM4-40GB"
        self.nvmlDeviceGetCudaComputeCapability = lambda handle: [8, 0]
        self.nvmlDeviceGetMemoryInfo = lambda handle: SimpleNamespace(total=40 << 30)
        self.nvmlShutdown = lambda: setattr(self, "shut_down", True)


def fails(*_: object) -> None:
    raise RuntimeError("driver and library do not match")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", made)
    return made


def test_gpu_of_the_machine(driver: Driver) -> None:
    found = gpus()
    assert found.gpus == (DetectedGpu("NVIDIA A100-SXM4-40GB", 40 << 30, (8, 0)),)
    assert found.reason == ""
    assert driver.shut_down


def test_machine_without_gpu(driver: Driver) -> None:
    driver.nvmlDeviceGetCount = lambda: 0
    assert gpus().gpus == ()
    assert gpus().reason == "the NVIDIA driver knows no GPU"


@pytest.mark.parametrize("call", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetMemoryInfo"])
def test_driver_that_fails(driver: Driver, call: str) -> None:
    setattr(driver, call, fails)
    found = gpus()
    assert found.gpus == ()
    assert "driver and library do not match" in found.reason


def test_package_that_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = gpus()
    assert found.gpus == ()
    assert "nvidia-ml-py is not installed" in found.reason
