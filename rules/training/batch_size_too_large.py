"""KM501: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.sizes.measurement import Measurement
from keras_memlint.analysis.sizes.settings import GIB
from keras_memlint.analysis.sizes.static_estimate import trained_batch
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.batches import accumulated
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.training._estimated import fitting_batch, tells_what_fits, tight_gpu

RULE = Rule(
    "KM501", "batch-size-too-large", severity="warning", words=("fit", "train_on_batch"), fix="unsafe"
)

# Without a known GPU: what no common one holds is a warning, what few hold a hint.
_ANY, _FEW = 80 * GIB, 16 * GIB
_NONE_FITS = "even a batch of 1 does not fit: make the input or the model smaller"


def check(script: Script) -> Iterator[Finding]:
    for fit in script.trainings:
        measurement = script.measurement_of(fit)
        if measurement is not None and tells_what_fits(measurement):
            yield from _measured(script, fit, measurement)
        else:
            yield from _computed(script, fit)


def _computed(script: Script, fit: Fit) -> Iterator[Finding]:
    """What the shapes of the layers say."""
    target = script.settings.target
    static = script.static_estimate(fit)
    if static is None or fit.model is None or static.batch < 2:
        return
    figures = static.on(target.gpu, target.gpu_memory)
    limit = target.gpu_memory or _FEW
    if figures.likely <= limit:
        return
    fits = static.largest_batch(limit)
    severity: Severity
    if target.gpu_memory is None:
        needs = "needs more than most GPUs hold"
        severity = "warning" if figures.likely > _ANY else "hint"
    else:
        surely = figures.fits == "no"
        needs = f"{'needs' if surely else 'may need'} more than the {format_bytes(limit)} of {target.gpu}"
        severity = "warning" if surely else "info"
    yield Finding(
        at=script.call_place(fit.call),
        site=script.place(fit.call.site),
        message=f"one training step at batch {static.batch} {needs}",
        bytes=figures.likely,
        help=f"a batch of {fits} fits in {format_bytes(limit)}" if fits else _NONE_FITS,
        fixes=_fixes(script, fit, static.batch, fits),
        severity=severity,
    )


def _measured(script: Script, fit: Fit, measurement: Measurement) -> Iterator[Finding]:
    """What the estimate says, whatever the shapes do."""
    batch = trained_batch(fit) if measurement.batch_size is None else measurement.batch_size
    tight = tight_gpu(script.settings.target, measurement)
    if tight is None or (batch is not None and batch < 2):
        return
    figures, severity = tight.figures, tight.severity
    size, what = format_bytes(figures.likely), "more than"
    if not tight.surely:
        size, what = f"{format_bytes(figures.low)} to {format_bytes(figures.high)}", "about"
    whose = f" for {figures.name}" if figures.name is not None and not tight.own else ""
    fits = fitting_batch(figures, tight.memory) if tight.own else None
    step = "one training step" if batch is None else f"one training step at batch {batch}"
    yield Finding(
        at=script.call_place(fit.call),
        site=script.place(fit.call.site),
        message=f"{step} needs {what} the {format_bytes(tight.memory)} of {tight.gpu}",
        bytes=figures.likely,
        cost=f"{size}, {figures.how}{whose}",
        help=_measured_help(fits, tight.memory),
        fixes=_measured_fixes(script, fit, batch, fits),
        severity=severity,
    )


def _measured_help(fits: int | None, memory: int) -> str:
    if fits is None:
        return "train on smaller batches"
    return f"a batch of {fits} fits in {format_bytes(memory)}" if fits else _NONE_FITS


def _measured_fixes(script: Script, fit: Fit, batch: int | None, fits: int | None) -> tuple[Fix, ...]:
    """The same fixes, where the text says the batch that was run."""
    if fit.model is None or batch is None or not fits or fit.batch_size != batch:
        return ()
    part = batch
    while part > fits:
        part //= 2
    return _fixes(script, fit, batch, part) if part < batch else ()


def _fixes(script: Script, fit: Fit, batch: int, fits: int) -> tuple[Fix, ...]:
    """Smaller batches, and as many of them accumulated as make the old one."""
    fix = accumulated(script, fit, fits, batch // fits) if fits and batch % fits == 0 else None
    return (fix,) if fix is not None else ()
