"""The local GPU's memory while a script runs, as the driver sees it."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from keras_memlint.analysis.sizes import nvml
from keras_memlint.analysis.sizes.settings import MIB

_SECONDS = 0.1
_BUSY_BYTES = 512 * MIB


class GpuWatch:
    """Samples the GPU that the script will use, from before it starts. A context manager."""

    def __init__(self) -> None:
        self._index = _first_visible()
        self._before = nvml.usage(self._index)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._process: int | None = None
        self.process_peak: int | None = None
        self.used_peak = 0
        self.lost = False

    def __enter__(self) -> GpuWatch:
        if self._before is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, process: int) -> None:
        """Look at that process from now on, and forget what was seen before."""
        self._process = process
        self.process_peak = None
        self.used_peak = 0

    @property
    def total(self) -> int | None:
        """The memory of the GPU in bytes; None without driver or GPU."""
        return None if self._before is None else self._before.total

    @property
    def busy(self) -> int | None:
        """Bytes that others held before the script started, when that is more than a desktop's share."""
        used = 0 if self._before is None else self._before.used
        return used if used > _BUSY_BYTES else None

    @property
    def device_peak(self) -> int | None:
        """Bytes that the script took of the GPU in all: its own share as told by the driver, else what was added."""
        if self._before is None:
            return None
        if self.process_peak is not None:
            return self.process_peak
        return max(self.used_peak - self._before.used, 0) or None

    def _sample(self) -> None:
        while not self._done.wait(_SECONDS):
            seen = nvml.usage(self._index, self._process)
            if seen is None:
                self.lost = True
                return
            self.used_peak = max(self.used_peak, seen.used)
            if seen.of_process is not None:
                self.process_peak = max(self.process_peak or 0, seen.of_process)


def _first_visible() -> int:
    """The driver's number of the first GPU that CUDA shows; names of GPUs (UUIDs) are not resolved."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    return int(first) if first.isdigit() else 0
