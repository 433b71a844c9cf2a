"""What changes to a script would save, each computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keras_memlint.analysis.sizes.measurement import fitting
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.prediction import Prediction, Predictor
from keras_memlint.estimate.progress import Progress, Stage
from keras_memlint.estimate.result import Range, WhatIf
from keras_memlint.estimate.steps import Variant
from keras_memlint.estimate.targets import together

USUAL = ("mixed_bfloat16", "accumulation", "batch")
"""The remedies that are tried without being asked for."""

_OPTIMIZERS = {"sgd": "SGD without momentum", "lion": "Lion", "adafactor": "Adafactor"}
_ACCUMULATION = 4


@dataclass(frozen=True, slots=True)
class Change:
    """A variant of the step, and what it is called: ``name`` for programs, ``title`` for people."""

    name: str
    title: str
    variant: Variant
    safe: bool = False


def changes(
    names: Sequence[str], *, batch: int | None, policy: str, optimizer: str, batch_sizes: Sequence[int] = ()
) -> Iterator[Change]:
    """The changes that ``names`` mean for a step of ``batch`` samples; what the script does already is left out."""
    for name in names:
        if name.startswith("mixed_") and name != policy:
            yield Change(name, f"train with the policy {name}", Variant(batch=batch, policy=name))
        elif name in _OPTIMIZERS and name != optimizer.lower():
            yield Change(name, f"optimize with {_OPTIMIZERS[name]}", Variant(batch=batch, optimizer=name))
        elif name == "remat":
            title = "compute activations again in the backward pass"
            yield Change(name, title, Variant(batch=batch, remat=True), safe=True)
        elif name == "accumulation" and batch is not None and batch >= _ACCUMULATION:
            part = batch // _ACCUMULATION
            yield Change(
                f"gradient_accumulation_steps={_ACCUMULATION}",
                f"batches of {part}, updating the weights every {_ACCUMULATION}",
                Variant(batch=batch, accumulation=_ACCUMULATION),
            )
        elif name == "batch" and batch is not None:
            for size in (batch // 2, batch // 4):
                if size and size not in batch_sizes:
                    yield _batch(size)
    yield from (_batch(size) for size in batch_sizes if size != batch)


def _batch(size: int) -> Change:
    return Change(f"batch_size={size}", f"batches of {size}", Variant(batch=size))


def recomputed(
    todo: Sequence[Change],
    base: Prediction,
    predictor: Predictor,
    device: Device,
    around: Range,
    progress: Progress,
) -> tuple[WhatIf, ...]:
    """Each change on one GPU, those that save most first, those that could not be computed last.

    ``around``: bytes of the context.
    """
    found = []
    for number, change in enumerate(todo):
        progress(Stage("what-if", change.title, 0.7 + 0.3 * number / len(todo)))
        try:
            peak = predictor(change.variant, device).program
        except EstimateError as error:
            found.append(
                WhatIf(change.name, device.gpu.name, change.title, None, None, change.safe, str(error))
            )
            continue
        saved = base.program.mid - peak.mid
        total = together(peak, around)
        fits = fitting(total.low, total.high, device.gpu.memory)
        found.append(WhatIf(change.name, device.gpu.name, change.title, peak, saved, change.safe, fits=fits))
    return tuple(sorted(found, key=lambda entry: (entry.saved_bytes is None, -(entry.saved_bytes or 0))))
