"""The allocators' peaks over the steps that are measured."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import gpu

WARM_UP = 2
"""Steps before the peak is forgotten once: the first ones trace, tune and fill buffers."""


class Watch:
    """Follows one training. Without a GPU and without TensorFlow's allocator on the CPU it costs nothing."""

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._before: int | None = None

    def start(self) -> None:
        """Training is about to start."""
        found = gpu.allocated(self._backend)
        self._before = found["now"] if found else None

    def after_step(self, done: int, planned: int) -> None:
        """A step is over, and another one follows."""
        if done == min(WARM_UP, planned - 1):
            gpu.reset_peak(self._backend)
            _reset_cpu(self._backend)

    def result(self) -> dict[str, Any]:
        """``cpu``: the allocator's peak on the CPU or None. ``gpu``: as the client is told, or None."""
        found = gpu.allocated(self._backend)
        if found:
            found.pop("now")
            found["before"] = self._before
        return {"cpu": _cpu_peak(self._backend), "gpu": found}


def _counted(backend: str) -> bool:
    return backend == "tensorflow" and os.environ.get("TF_CPU_ALLOCATOR_USE_BFC", "").lower() in ("1", "true")


def _reset_cpu(backend: str) -> None:
    if _counted(backend):
        tensorflow: Any = sys.modules["tensorflow"]
        try:
            tensorflow.config.experimental.reset_memory_stats("CPU:0")
        except Exception:
            pass


def _cpu_peak(backend: str) -> int | None:
    if not _counted(backend):
        return None
    tensorflow: Any = sys.modules["tensorflow"]
    try:
        return int(tensorflow.config.experimental.get_memory_info("CPU:0")["peak"])
    except Exception:
        return None
