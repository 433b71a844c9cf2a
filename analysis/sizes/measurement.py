"""What an estimate found of one script, as rules see it: figures of a run, which no reading of the text can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

Fits = Literal["yes", "no", "borderline"]
"""Whether a GPU holds a training: surely, surely not, or it depends."""

VERDICTS: Mapping[str, str] = {"yes": "fits", "borderline": "may not fit", "no": "does not fit"}
"""The same in words, best first."""

_RECOMPUTED = {
    "compiler": "recomputed by the GPU compiler",
    "liveness": "recomputed by liveness of the graph",
}


def fitting(low: int, high: int, memory: int) -> Fits:
    """Whether what takes from ``low`` to ``high`` bytes fits ``memory``."""
    if high <= memory:
        return "yes"
    return "no" if low > memory else "borderline"


@dataclass(frozen=True, slots=True)
class OnGpu:
    """One training step on one GPU, in bytes: the likely figure between two that it should not leave.

    They hold all the GPU's memory that the training takes, its context included; without a GPU (``name`` is None) the
    training program's own. ``how`` the figures came about, in words; ``static``: by no run. ``savings``: what a change such as
    ``mixed_bfloat16`` or ``batch_size=16`` saves of the likely figure when it is recomputed; negative where it costs.
    """

    name: str | None
    memory: int | None
    tier: Literal["static", "measured", "compiler", "liveness", "bound"]
    how: str
    low: int
    likely: int
    high: int
    fits: Fits | None = None
    largest_batch: int | None = None
    savings: tuple[tuple[str, int], ...] = ()

    def saving(self, change: str) -> int | None:
        """Bytes that ``change`` saves; None when it was not recomputed."""
        return dict(self.savings).get(change)

    @property
    def compute_capability(self) -> tuple[int, int] | None:
        """That of the GPU, None when it is not in our table."""
        from keras_memlint.analysis.sizes.gpus import find

        known = find(self.name) if self.name is not None else None
        return known.compute_capability if known is not None else None

    @property
    def recomputed(self) -> str:
        """How the savings came about, in words."""
        return _RECOMPUTED.get(self.tier, "recomputed")


@dataclass(frozen=True, slots=True)
class Measurement:
    """The estimate of a script whose text has the hash ``text``; ``gpus``, at least one, in the order asked for.

    ``line`` of the text, from 1, is where the training was caught. ``parameters`` and ``optimizer`` in bytes.
    ``made``: the day, in words. None means unknown.
    """

    text: str
    line: int | None
    batch_size: int | None
    policy: str
    gpus: tuple[OnGpu, ...]
    parameters: int | None = None
    optimizer: int | None = None
    made: str = ""

    def on(self, gpu: str | None) -> OnGpu:
        """The figures for ``gpu``; those for the first GPU where there are none for it."""
        wanted = _table_name(gpu)
        return next((one for one in self.gpus if wanted and _table_name(one.name) == wanted), self.gpus[0])

    def saving(self, gpu: str | None, *changes: str) -> tuple[OnGpu, str, int] | None:
        """The first of ``changes`` that was recomputed, on ``gpu`` if it was recomputed there, and what it saves."""
        for change in changes:
            for one in (self.on(gpu), *self.gpus):
                saved = one.saving(change)
                if saved is not None and one.tier != "bound":
                    return one, change, saved
        return None

    def asked(self, gpu: str) -> bool:
        """Whether there are figures for ``gpu`` itself."""
        return _table_name(self.on(gpu).name) == _table_name(gpu)


def measured_fit(script: Script) -> Fit | None:
    """The training that the script's measurement is about; None without one, and where several models train there."""
    measurement = script.measurement
    if measurement is None or measurement.line is None:
        return None
    found = [fit for fit in script.trainings if _covers(script, fit, measurement.line)]
    return found[0] if found and all(fit.model is found[0].model for fit in found) else None


def estimated_training(script: Script) -> Fit | None:
    """The training that an estimate is about, or would be: the measured one, else the only one; None when in doubt."""
    found = list(script.trainings)
    if script.measurement is not None:
        line = script.measurement.line
        found = [fit for fit in found if line is not None and _covers(script, fit, line)]
    same = all(fit.model is found[0].model and fit.call.node is found[0].call.node for fit in found)
    return found[0] if found and same else None


def _covers(script: Script, fit: Fit, line: int) -> bool:
    at = script.place(fit.call.node)
    source = script.source
    return at.source is source and source.row(at.start) < line <= source.row(max(at.end - 1, at.start)) + 1


def _table_name(gpu: str | None) -> str | None:
    """One name for a GPU, whether the driver, the user or our table named it."""
    from keras_memlint.analysis.sizes.gpus import find

    known = find(gpu) if gpu else None
    return known.name if known is not None else gpu
