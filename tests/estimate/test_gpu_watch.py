"""Watching the GPU's memory. The driver is absent hardware here, so its Python package is played by a stand-in."""

from __future__ import annotations

import sys
import time
from types import ModuleType, SimpleNamespace

import pytest
from keras_memlint.analysis.sizes import nvml
from keras_memlint.analysis.sizes.settings import GIB, MIB
from keras_memlint.estimate.gpu_watch import GpuWatch


class Driver(ModuleType):
    """As much of pynvml as is asked for: one GPU with 16 GiB, and what processes hold of it."""

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.used = 100 * MIB
        self.processes: dict[int, int | None] = {}
        self.lost = False
        self.asked: list[int] = []

    def nvmlInit(self) -> None:
        if self.lost:
            raise RuntimeError("GPU is lost")

    def nvmlShutdown(self) -> None:
        pass

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        self.asked.append(index)
        return index

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:
        return SimpleNamespace(total=16 * GIB, used=self.used)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[SimpleNamespace]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in self.processes.items()]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver()
    monkeypatch.setitem(sys.modules, "pynvml", made)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return made


def seen(watch: GpuWatch, size: int) -> None:
    until = time.monotonic() + 5
    while watch.used_peak < size and time.monotonic() < until:
        time.sleep(0.01)


def test_share_of_the_process(driver: Driver) -> None:
    with GpuWatch() as watch:
        watch.follow(42)
        driver.processes = {41: 5 * GIB, 42: 3 * GIB}
        driver.used = 9 * GIB
        seen(watch, 9 * GIB)
        driver.processes = {42: 2 * GIB}
    assert watch.total == 16 * GIB
    assert watch.device_peak == 3 * GIB
    assert watch.busy is None


def test_driver_that_tells_no_shares(driver: Driver) -> None:
    driver.used = 1 * GIB
    with GpuWatch() as watch:
        watch.follow(42)
        driver.processes = {42: None}
        driver.used = 5 * GIB
        seen(watch, 5 * GIB)
    assert watch.device_peak == 4 * GIB
    assert watch.busy == 1 * GIB


def test_gpu_that_is_lost(driver: Driver) -> None:
    with GpuWatch() as watch:
        driver.lost = True
        until = time.monotonic() + 5
        while not watch.lost and time.monotonic() < until:
            time.sleep(0.01)
    assert watch.lost
    assert nvml.usage(0) is None


def test_the_gpu_that_cuda_shows_first(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,0")
    with GpuWatch():
        pass
    assert set(driver.asked) == {1}


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with GpuWatch() as watch:
        watch.follow(42)
    assert (watch.total, watch.device_peak, watch.busy, watch.lost) == (None, None, None, False)
