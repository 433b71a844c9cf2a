"""The GPUs of this machine, asked of the NVIDIA driver through the optional package nvidia-ml-py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DetectedGpu:
    """One GPU of this machine; ``memory`` in bytes."""

    name: str
    memory: int
    compute_capability: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Detected:
    """The GPUs in the driver's order; ``reason`` says why there are none, empty otherwise."""

    gpus: tuple[DetectedGpu, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """One GPU at one moment, in bytes. ``of_process``: what one process holds, None when not told."""

    total: int
    used: int
    of_process: int | None


def gpus() -> Detected:
    """What the driver says. Never raises: without package, driver or GPU the tuple is empty."""
    try:
        import pynvml  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return Detected((), "the package nvidia-ml-py is not installed (pip install nvidia-ml-py)")
    try:
        pynvml.nvmlInit()
    except Exception as error:  # NVMLError, or OSError from loading the library
        return Detected((), f"the NVIDIA driver does not answer ({error})")
    try:
        found = tuple(_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
    except Exception as error:
        return Detected((), f"the NVIDIA driver does not say what it has ({error})")
    finally:
        pynvml.nvmlShutdown()
    return Detected(found, "" if found else "the NVIDIA driver knows no GPU")


def usage(index: int, process: int | None = None) -> Usage | None:
    """The memory in use on the GPU of that number, in the driver's order. None when the driver does not answer."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no package, no driver, or one that is gone
        return None
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        return Usage(int(memory.total), int(memory.used), _held(pynvml, handle, process))
    except Exception:
        return None
    finally:
        pynvml.nvmlShutdown()


def _held(pynvml: Any, handle: Any, process: int | None) -> int | None:
    # In a container the driver knows other process numbers, or tells none.
    for found in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
        if found.pid == process and found.usedGpuMemory is not None:
            return int(found.usedGpuMemory)
    return None


def _gpu(pynvml: Any, index: int) -> DetectedGpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return DetectedGpu(
        str(pynvml.nvmlDeviceGetName(handle)),
        int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        (int(major), int(minor)),
    )
