"""What one training step needs as far as the text tells: bytes from the shapes of the layers, and whether a GPU holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.sizes.gpu_context import context_bytes
from keras_memlint.analysis.sizes.measurement import OnGpu, fitting

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

HOW = "from the layers' shapes"

# What the shapes say, in percent of the peaks measured on an H100 (benchmarks/estimate/results/h100.json): 65 to 205. Compilers
# fuse layers and drop what can be made again; convolutions need room to work in. With recurrent layers, 20 to 26.
_MOST, _LEAST, _LEAST_RECURRENT = 210, 60, 18
_RECURRENT = ("CuDNNGRU", "CuDNNLSTM", "ConvLSTM", "GRU", "LSTM", "RNN", "SimpleRNN", "Bidirectional")


@dataclass(frozen=True, slots=True)
class StaticEstimate:
    """One training step, in bytes: ``fixed`` (weights, gradients, slots) and ``sample`` for each of ``batch`` samples.

    ``context``: the lowest, the likely and the highest bytes a process of the backend takes of a GPU besides.
    ``recurrent``: a layer of the model is, and a step may need far more than shapes tell.
    """

    fixed: int
    sample: int
    batch: int
    context: tuple[int, int, int]
    recurrent: bool = False

    @property
    def program(self) -> int:
        """Bytes of the training program, without a GPU's context."""
        return self.program_at(self.batch)

    def program_at(self, batch: int) -> int:
        """Bytes of the training program at another batch."""
        return self.fixed + self.sample * batch

    def range_at(self, batch: int) -> tuple[int, int, int]:
        """The program at another batch: the lowest, the likely and the highest bytes."""
        return range_of(self.program_at(batch), recurrent=self.recurrent)

    def on(self, gpu: str | None, memory: int | None) -> OnGpu:
        """The step on a GPU of ``memory`` bytes, its context included; the program alone without one."""
        program = self.range_at(self.batch)
        if memory is None:
            return OnGpu(None, None, "static", HOW, *program)
        low, likely, high = (size + around for size, around in zip(program, self.context, strict=True))
        return OnGpu(gpu, memory, "static", HOW, low, likely, high, fitting(low, high, memory))

    def largest_batch(self, memory: int) -> int:
        """The largest of the batch halved again and again that surely fits ``memory``, context included; 0 for none."""
        batch = self.batch
        while batch and self.range_at(batch)[2] + self.context[2] > memory:
            batch //= 2
        return batch


def range_of(program: int, *, recurrent: bool = False) -> tuple[int, int, int]:
    """The lowest, the likely and the highest bytes of a program of which the shapes say ``program``."""
    return program * 100 // _MOST, program, program * 100 // (_LEAST_RECURRENT if recurrent else _LEAST)


def static_estimate(script: Script, fit: Fit) -> StaticEstimate | None:
    """The estimate of one training; None when its model, its batch or a size in the model is not known."""
    batch = trained_batch(fit)
    sizes = script.training_bytes(fit.model) if fit.model is not None and batch is not None else None
    if fit.model is None or batch is None or sizes is None:
        return None
    recurrent = any(use.layer.name.startswith(_RECURRENT) for use in fit.model.uses)
    return StaticEstimate(*sizes, batch, context_bytes(script.backend), recurrent)


def trained_batch(fit: Fit) -> int | None:
    """The batch that is trained on: no more than the rows there are, without those kept for validation."""
    batch = fit.batch_size
    rows = fit.x.shape[0] if isinstance(fit.x, Array) and fit.x.shape else None
    if batch is None or rows is None:
        return batch
    kept = fit.call.const("validation_split", 0)
    return min(batch, int(rows * (1 - kept)) if isinstance(kept, float) else rows)
