"""From the compiler's account to what the program will take on a real GPU."""

from __future__ import annotations

from keras_memlint.estimate.compiler.client import Compiled
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.result import Range

_MIB = 1 << 20


def program_peak(compiled: Compiled, device: Device, inputs_in_flight: int) -> Range:
    """The peak of the training program. ``inputs_in_flight``: bytes of batches on the GPU besides the one in use.

    On a real GPU the compiler tries the libraries' algorithms and keeps room for the one it takes; without one it
    cannot, so that room is in ``high`` alone.
    """
    likely = compiled.stats.peak + inputs_in_flight
    return Range(likely, likely, likely + _library_workspace(compiled, device))


def _library_workspace(compiled: Compiled, device: Device) -> int:
    """Only one call runs at a time, so one workspace serves them all."""
    if not compiled.calls.get("convolution") and not compiled.calls.get("gemm"):
        return 0
    return (32 if device.gpu.compute_capability >= (9, 0) else 4) * _MIB
