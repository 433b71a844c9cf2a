"""The one place that asks frameworks about GPUs: how many there are, and their allocators' peaks."""

from __future__ import annotations

import os
import sys
from typing import Any


def environment() -> None:
    """Memory is taken as it is needed, not all at once, so that peaks and the driver's figures mean something."""
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"


def allocated(backend: str) -> dict[str, Any] | None:
    """The backend's first GPU: its name, the count, and what its allocator says; None without one."""
    try:
        return _ASK[backend]()
    except Exception:
        return None


def reset_peak(backend: str) -> None:
    """Forgets the peak up to now, where the allocator can."""
    try:
        if backend == "tensorflow":
            tensorflow: Any = sys.modules["tensorflow"]
            if tensorflow.config.list_physical_devices("GPU"):
                tensorflow.config.experimental.reset_memory_stats("GPU:0")
        elif backend == "torch":
            torch: Any = sys.modules["torch"]
            if torch.cuda.is_available():
                torch.cuda.reset_peak_memory_stats()
    except Exception:
        pass


def _tensorflow() -> dict[str, Any] | None:
    tensorflow: Any = sys.modules["tensorflow"]
    devices = tensorflow.config.list_physical_devices("GPU")
    if not devices:
        return None
    details = tensorflow.config.experimental.get_device_details(devices[0])
    memory = tensorflow.config.experimental.get_memory_info("GPU:0")
    return {
        "name": details.get("device_name", "GPU"),
        "count": len(devices),
        "now": memory["current"],
        "allocator_peak": memory["peak"],
        "allocator_reserved": None,
    }


def _jax() -> dict[str, Any] | None:
    jax: Any = sys.modules["jax"]
    devices = [device for device in jax.local_devices() if device.platform in ("gpu", "cuda", "rocm")]
    if not devices:
        return None
    memory = devices[0].memory_stats() or {}
    return {
        "name": devices[0].device_kind,
        "count": len(devices),
        "now": memory.get("bytes_in_use"),
        "allocator_peak": memory.get("peak_bytes_in_use"),
        "allocator_reserved": memory.get("peak_pool_bytes") or memory.get("pool_bytes"),
    }


def _torch() -> dict[str, Any] | None:
    torch: Any = sys.modules["torch"]
    if not torch.cuda.is_available():
        return None
    return {
        "name": torch.cuda.get_device_name(),
        "count": torch.cuda.device_count(),
        "now": torch.cuda.memory_allocated(),
        "allocator_peak": torch.cuda.max_memory_allocated(),
        "allocator_reserved": torch.cuda.max_memory_reserved(),
    }


_ASK = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
