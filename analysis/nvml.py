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


def _gpu(pynvml: Any, index: int) -> DetectedGpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    return DetectedGpu(
        str(pynvml.nvmlDeviceGetName(handle)),
        int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        (int(major), int(minor)),
    )
