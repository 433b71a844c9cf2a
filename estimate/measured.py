"""The row of this machine's own GPU, from what the framework's allocator and the driver said."""

from __future__ import annotations

from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.estimate import context, targets
from keras_memlint.estimate.gpu_watch import GpuWatch
from keras_memlint.estimate.result import Breakdown, Range, TargetEstimate
from keras_memlint.estimate.session import Caught

_ALLOCATORS = {
    "tensorflow": "the peak of TensorFlow's allocator while training",
    "jax": "JAX's allocator, in a second run that had nothing to compile",
    "torch": "the peak of PyTorch's allocator while training",
}


def row(caught: Caught, watch: GpuWatch, compile_peak: int | None) -> TargetEstimate | None:
    """None when the script did not train on a GPU. ``compile_peak``: bytes at the peak of the run that compiled."""
    gpu = caught.get("gpu")
    if not gpu or not gpu.get("allocator_peak"):
        return None
    peak = int(gpu["allocator_peak"])
    reserved = int(gpu.get("allocator_reserved") or peak)
    around = context.of_backend(caught["backend"])
    if watch.device_peak is not None and watch.device_peak >= reserved:
        own = watch.device_peak - reserved
        around = Range(own, own, own)
    notes = []
    if compile_peak is not None and compile_peak > peak:
        notes.append(f"while JAX compiled and tried kernels it took {format_bytes(compile_peak)}")
    if watch.busy is not None:
        notes.append("other processes held memory of this GPU meanwhile")
    if watch.lost:
        notes.append("the driver stopped answering during the run")
    return targets.target(
        str(gpu["name"]),
        watch.total or int(gpu.get("memory") or 0),
        "measured",
        _ALLOCATORS[caught["backend"]],
        Range(peak, peak, max(peak, reserved) if caught["backend"] == "torch" else peak),
        around,
        note="; ".join(notes) or None,
    )


def breakdown(caught: Caught) -> Breakdown:
    """What is known without a prediction: the parts that stay from step to step."""
    sizes = caught["bytes"]
    return Breakdown(
        parameters=sizes.get("parameters"), optimizer=sizes.get("optimizer"), inputs=sizes.get("inputs")
    )
