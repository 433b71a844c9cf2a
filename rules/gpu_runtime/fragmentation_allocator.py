"""KM706: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Dataset
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.training.retracing import leaves_open
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM706",
    "fragmentation-allocator",
    severity="hint",
    words=("padded_batch", "bucket_by_sequence_length", "ragged_batch", "dense_to_ragged_batch"),
)

_VARIES = {
    "bucket": "`bucket_by_sequence_length` makes",
    "padded_batch": "`padded_batch` makes",
    "ragged_batch": "`ragged_batch` makes",
}
_ALLOCATORS = ("TF_GPU_ALLOCATOR", "TF_ENABLE_GPU_GARBAGE_COLLECTION")


def check(script: Script) -> Iterator[Finding]:
    if script.backend != "tensorflow" or script.cpu_only or script.is_test or script.slices_arrays:
        return
    if script.sets_environment(*_ALLOCATORS) or script.project.mentions(*_ALLOCATORS):
        return
    for fit in script.trainings:
        step = _varying(fit)
        if step is None or step.call is None:
            continue
        yield Finding(
            at=script.name_place(step.call),
            site=script.place(step.call.site),
            message=f"{_VARIES[step.op]} batches of changing shape: freed GPU memory may be in pieces too small for the next",
            help="if memory runs out after many steps, try `TF_GPU_ALLOCATOR=cuda_malloc_async`, or pad to few lengths",
            related=(("trained here", script.call_place(fit.call)),),
        )
        return  # once a file


def _varying(fit: Fit) -> Dataset | None:
    """The step of the pipeline that makes batches of changing shape; None when their shape is given."""
    if not isinstance(fit.x, Dataset):
        return None
    for step in fit.x.chain():
        if step.op not in _VARIES or step.call is None:
            continue
        shapes = step.call.arg("padded_shapes")
        if step.op == "padded_batch" and shapes is not None and not leaves_open(shapes):
            return None
        if step.call.kwargs.get("pad_to_bucket_boundary") is not None:
            return None  # a few lengths
        return step
    return None
