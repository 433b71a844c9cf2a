"""A script's step on each GPU that was asked for: does it fit, and how large may the batch be."""

from __future__ import annotations

from keras_memlint.analysis.sizes.measurement import fitting
from keras_memlint.estimate import context
from keras_memlint.estimate.batches import LARGEST, largest
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.prediction import Prediction, Predictor
from keras_memlint.estimate.result import Batch, Range, TargetEstimate, Tier
from keras_memlint.estimate.steps import Variant


def predicted(
    prediction: Prediction,
    predictor: Predictor,
    device: Device,
    *,
    backend: str,
    batch: int | None,
    search: bool,
) -> TargetEstimate:
    """The row of one GPU. ``search`` for the largest batch costs a few compiles."""
    around = context.of_backend(backend)
    found, note = None, prediction.note
    if search and batch is not None and prediction.tier != "bound":
        try:
            found = _largest(predictor, device, around, batch)
        except EstimateError as error:
            note = _joined(note, f"no largest batch: {error}")
        if found is not None and found.size >= LARGEST:
            note = _joined(note, f"batches beyond {LARGEST:,} may fit too, they were not tried")
    return target(
        device.gpu.name,
        device.gpu.memory,
        prediction.tier,
        prediction.route,
        prediction.program,
        around,
        found,
        note,
    )


def _joined(*notes: str | None) -> str | None:
    return "; ".join(filter(None, notes)) or None


def target(
    name: str,
    memory: int,
    tier: Tier,
    route: str,
    program: Range,
    around: Range,
    largest_batch: Batch | None = None,
    note: str | None = None,
) -> TargetEstimate:
    """A row from its figures in bytes; ``around`` is the context."""
    total = together(program, around)
    fits = fitting(total.low, total.high, memory)
    if tier == "bound" and fits == "yes":
        # More than the bound is certain to be needed.
        fits = "borderline"
    return TargetEstimate(name, memory, tier, route, program, around, total, fits, largest_batch, note)


def together(program: Range, around: Range) -> Range:
    """Bytes of the GPU that a program takes with its context."""
    return Range(program.low + around.low, program.mid + around.mid, program.high + around.high)


def _largest(predictor: Predictor, device: Device, around: Range, batch: int) -> Batch | None:
    def need(size: int) -> int:
        return predictor(Variant(batch=size), device).program.high + around.high

    return largest(need, device.gpu.memory, batch)
