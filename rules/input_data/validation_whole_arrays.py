"""KM113: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import (
    Array,
    Dataset,
    Instance,
    Items,
    Object,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.arrays.feeds import arrays, copied_by_fit
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import is_toy

RULE = Rule("KM113", "validation-whole-arrays", severity="warning", words=("validation_data",))
_SLICE = "validate on a dataset or a `{}`, batch by batch like the training"
_BATCH = "leave the batch at its default: what validation reports does not depend on it"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or script.slices_arrays:
        return
    reported: set[int] = set()
    for fit in script.trainings:
        given = fit.call.arg("validation_data")
        if given is None or id(fit.call.node) in reported:
            continue
        finding = _one_batch(script, fit, given) or _copied(script, fit, given)
        if finding is not None:
            reported.add(id(fit.call.node))
            yield finding


def _one_batch(script: Script, fit: Fit, given: Value) -> Finding | None:
    """All validation samples in one batch: their activations are in memory at the same time."""
    if isinstance(given, Dataset):
        call, name, samples = given.batch_call, "batch_size", None
        if given.toy or call is None:
            return None
    else:
        call, name, samples = fit.call, "validation_batch_size", _samples(given)
        if samples is None or is_toy(samples):
            return None
    size = call.arg(name)
    if not (isinstance(size, Scalar) and size.counts) and not _is_all(const(size), samples):
        return None
    if samples is not None and samples.bytes is not None and not script.large(samples.bytes):
        return None
    large = samples is not None and script.large(samples.bytes)
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message="validation takes all samples as one batch, with the activations of every layer",
        bytes=samples.bytes if samples is not None else None,
        help=_BATCH,
        related=(("validated here", script.call_place(fit.call)),) if call is not fit.call else (),
        severity="warning" if large else "info",
    )


def _is_all(size: object, samples: Array | None) -> bool:
    rows = samples.length if samples is not None else None
    return isinstance(size, int) and rows is not None and size >= rows > 0


def _copied(script: Script, fit: Fit, given: Value) -> Finding | None:
    """Large validation arrays beside a training that is fed in batches; arrays beside arrays are KM103's."""
    samples = _samples(given)
    if script.backend != "tensorflow" or samples is None or not _is_streamed(fit):
        return None
    if samples.source == "list" or is_toy(samples) or not script.large(samples.least):
        return None
    copies = "makes a copy of" if script.copying == "shares" else "makes two copies of"
    return Finding(
        at=script.call_place(fit.call),
        site=script.place(fit.call.site),
        message=f"`{fit.method}` {copies} the validation arrays and keeps one while it trains",
        bytes=copied_by_fit([samples], script.copying),
        help=_SLICE.format(script.batch_class),
        related=script.trail(samples.origin),
    )


def _samples(given: Value) -> Array | None:
    """The first array of ``(x, y)``; None for anything else."""
    if not isinstance(given, Items) or not given.items:
        return None
    return next(arrays(given.items[0]), None)


def _is_streamed(fit: Fit) -> bool:
    x = fit.x
    return isinstance(x, (Dataset, Instance, Object)) or (isinstance(x, Items) and x.kind == "generator")
