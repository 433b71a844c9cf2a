"""What a part of a model takes of a training step, and whether that is much for the GPU that is known."""

from __future__ import annotations

from dataclasses import dataclass

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.facts.defaults import BATCH_SIZE
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.sizes.measurement import OnGpu
from keras_memlint.analysis.sizes.settings import GIB, Target
from keras_memlint.analysis.sizes.static_estimate import trained_batch
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.training._estimated import fitting_batch, tells_what_fits

# Without a known GPU: a part beyond the first is a warning, for few GPUs hold it and the rest; then an info, a hint.
_FEW, _SOME, _ANY = 16 * GIB, 4 * GIB, GIB


@dataclass(frozen=True, slots=True)
class Budget:
    """A training step and the GPU it is to fit. ``batch``: samples of a step. None means unknown.

    ``step`` is what all of it needs, of an estimate's run where there was one. ``largest``: the largest batch that fits,
    0 when none does.
    """

    target: Target
    batch: int | None
    step: OnGpu | None
    largest: int | None

    def severity(self, part: int) -> Severity | None:
        """How much ``part`` bytes are: of the GPU where it is known, of GPUs as people have them else; None for little."""
        memory = self.target.gpu_memory
        if memory is not None:
            return "warning" if part * 2 > memory else "info" if part * 10 > memory else None
        return "warning" if part > _FEW else "info" if part > _SOME else "hint" if part > _ANY else None

    def of_choice(self, part: int) -> Severity | None:
        """The same where a smaller model is a choice: no warning unless ``part`` alone does not fit the GPU."""
        found, memory = self.severity(part), self.target.gpu_memory
        if found is None or memory is None:
            return "hint" if found is not None else None
        return "warning" if part > memory else "info"

    def of_images(self, each: int, least: int = _ANY) -> tuple[Severity, int, str] | None:
        """How much ``each`` bytes for every image of a batch are, where fewer are a choice: severity, bytes, cost.

        Of a batch of unknown size one image is told, where Keras's default batch takes much. None for less than ``least`` bytes.
        """
        if self.batch is None:
            much = each * BATCH_SIZE > least
            return ("hint", each, f"{format_bytes(each)} for each image") if much else None
        part = each * self.batch
        severity = self.of_choice(part)
        if severity is None and (part <= least or self.target.gpu_memory is not None):
            return None
        return severity or "hint", part, self.cost(part)

    def cost(self, part: int, batch: int | None = None) -> str:
        """``part`` at a batch, the step's own unless another is given, beside the whole step and the GPU's memory.

        These are left out where they are not known.
        """
        batch = self.batch if batch is None else batch
        whole = self._whole(part) if batch == self.batch else ""
        at = f" at batch {batch}" if batch is not None else ""
        memory = self.target.gpu_memory
        has = f"; {self.target.gpu or 'the GPU'} has {format_bytes(memory)}" if memory is not None else ""
        return f"{format_bytes(part)}{whole}{at}{has}"

    def _whole(self, part: int) -> str:
        if self.step is None or self.step.likely <= part:
            return ""
        return f" of about {format_bytes(self.step.likely)} that a step needs"

    @property
    def too_small(self) -> bool:
        """Whether the step is known not to fit the GPU, or likely does not."""
        memory = self.target.gpu_memory
        return self.step is not None and memory is not None and self.step.likely > memory

    def smaller_batch(self) -> str:
        """``; a batch of 96 fits`` where this one does not and another does; else empty."""
        if not self.too_small or not self.largest or (self.batch is not None and self.largest >= self.batch):
            return ""
        return f"; a batch of {self.largest} fits"


def budget(script: Script, model: Model) -> Budget:
    """The training step of ``model``; nothing of it is known where it is not trained in this script."""
    target, fit = script.settings.target, script.training_of(model)
    if fit is None:
        return Budget(target, None, None, None)
    memory = target.gpu_memory
    measurement = script.measurement_of(fit)
    if measurement is not None and tells_what_fits(measurement):
        one = measurement.on(target.gpu)
        batch = measurement.batch_size if measurement.batch_size is not None else trained_batch(fit)
        own = target.gpu is not None and measurement.asked(target.gpu)
        return Budget(target, batch, one, fitting_batch(one, memory) if own and memory is not None else None)
    static = script.static_estimate(fit)
    if static is None:
        return Budget(target, trained_batch(fit), None, None)
    largest = static.largest_batch(memory) if memory is not None else None
    return Budget(target, static.batch, static.on(target.gpu, memory), largest)
