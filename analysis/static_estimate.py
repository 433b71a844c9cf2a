"""What one training step needs as far as the text tells: bytes from the shapes of the layers, and whether a GPU holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from keras_memlint.analysis.gpu_context import context_bytes
from keras_memlint.analysis.measurement import OnGpu
from keras_memlint.analysis.values import Array

if TYPE_CHECKING:
    from keras_memlint.analysis.fits import Fit
    from keras_memlint.analysis.script import Script

HOW = "from the layers' shapes"


@dataclass(frozen=True, slots=True)
class StaticEstimate:
    """One training step, in bytes: ``fixed`` (weights, gradients, slots) and ``sample`` for each of ``batch`` samples.

    ``context``: the lowest, the likely and the highest bytes a process of the backend takes of a GPU besides.
    """

    fixed: int
    sample: int
    batch: int
    context: tuple[int, int, int]

    @property
    def program(self) -> int:
        """Bytes of the training program, without a GPU's context."""
        return self.program_at(self.batch)

    def program_at(self, batch: int) -> int:
        """Bytes of the training program at another batch."""
        return self.fixed + self.sample * batch

    def on(self, gpu: str | None, memory: int | None) -> OnGpu:
        """The step on a GPU of ``memory`` bytes, its context included; the program alone without one."""
        low, likely, high = (self.program + part for part in self.context)
        if memory is None:
            return OnGpu(None, None, "static", HOW, self.program, self.program, self.program)
        fits: Literal["yes", "no", "borderline"]
        fits = "yes" if high <= memory else "no" if low > memory else "borderline"
        return OnGpu(gpu, memory, "static", HOW, low, likely, high, fits)

    def largest_batch(self, memory: int) -> int:
        """The largest of the batch halved again and again that surely fits ``memory``, context included; 0 for none."""
        batch = self.batch
        while batch and self.program_at(batch) + self.context[2] > memory:
            batch //= 2
        return batch


def static_estimate(script: Script, fit: Fit) -> StaticEstimate | None:
    """The estimate of one training; None when its model, its batch or a size in the model is not known."""
    batch = trained_batch(fit)
    sizes = script.training_bytes(fit.model) if fit.model is not None and batch is not None else None
    if batch is None or sizes is None:
        return None
    return StaticEstimate(*sizes, batch, context_bytes(script.backend))


def trained_batch(fit: Fit) -> int | None:
    """The batch that is trained on: no more than the rows there are, without those kept for validation."""
    batch = fit.batch_size
    rows = fit.x.shape[0] if isinstance(fit.x, Array) and fit.x.shape else None
    if batch is None or rows is None:
        return batch
    kept = fit.call.const("validation_split", 0)
    return min(batch, int(rows * (1 - kept)) if isinstance(kept, float) else rows)
