"""Whether an estimated training step fits the GPU, and which batch would."""

from __future__ import annotations

from dataclasses import dataclass

from keras_memlint.analysis.sizes.measurement import Fits, Measurement, OnGpu, fitting
from keras_memlint.analysis.sizes.settings import Target
from keras_memlint.rules.diagnostic import Severity

# How an estimate names a change of the batch.
_BATCH = "batch_size="


def tells_what_fits(measurement: Measurement) -> bool:
    """Whether the estimate is of GPUs, and more than a lower bound; else the shapes say as much."""
    return all(one.memory is not None and one.tier != "bound" for one in measurement.gpus)


@dataclass(frozen=True, slots=True)
class Tight:
    """A GPU whose ``memory`` a step does not leave free. ``own``: the figures are for this very GPU."""

    gpu: str
    memory: int
    figures: OnGpu
    own: bool
    surely: bool
    severity: Severity


def tight_gpu(target: Target, measurement: Measurement) -> Tight | None:
    """The GPU that is too small, or hardly large enough; None when the step fits."""
    if target.gpu is not None and target.gpu_memory is not None:
        one = measurement.on(target.gpu)
        own = measurement.asked(target.gpu)
        fits = _fits(one, target.gpu_memory, own=own)
        if fits == "yes":
            return None
        surely = fits == "no"
        return Tight(target.gpu, target.gpu_memory, one, own, surely, "warning" if surely else "info")
    known = [(one, _fits(one, one.memory, own=True)) for one in measurement.gpus if one.memory is not None]
    failing = [(one, fits) for one, fits in known if fits != "yes"]
    if not failing:
        return None
    # Nobody says which of the GPUs it will be: sure of all of them, or a hint.
    one, fits = max(failing, key=lambda row: row[0].memory or 0)
    surely = fits == "no"
    everywhere = len(failing) == len(known) and surely
    return Tight(one.name or "", one.memory or 0, one, True, surely, "warning" if everywhere else "hint")


def _fits(one: OnGpu, memory: int, *, own: bool) -> Fits:
    """What the estimate says of its own GPU; of another one, what its range says: a likely figure alone proves nothing."""
    return one.fits if own and one.fits is not None else fitting(one.low, one.high, memory)


def fitting_batch(one: OnGpu, memory: int) -> int | None:
    """The largest batch known to fit, 0 when none does; None when nobody looked for it."""
    if one.largest_batch is not None:
        return one.largest_batch
    sizes = [
        int(change.removeprefix(_BATCH))
        for change, saved in one.savings
        if change.startswith(_BATCH) and change.removeprefix(_BATCH).isdigit() and one.high - saved <= memory
    ]
    return max(sizes, default=None)
