"""Saved estimates as the analysis takes them, and as one line for people."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Location, Source
from keras_memlint.estimate import saved

if TYPE_CHECKING:
    from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
    from keras_memlint.estimate.result import Estimate, TargetEstimate, WhatIf

# Not of strftime, which speaks the user's language in the middle of an English sentence.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Measurements:
    """The estimates of many scripts. Most scripts have none, so the folder is listed once, when it is first needed."""

    def __init__(self) -> None:
        self._real = cache(os.path.realpath)

    def of(self, path: str, source: Source) -> Measurement | None:
        """What the estimate of the script at ``path`` says of its present text; None without one."""
        estimate = None if self._entry(path) is None else saved.load(Path(path), source.text)
        return None if estimate is None else _measurement(estimate, _day(self.estimated_at(path)))

    def estimated_at(self, path: str) -> int | None:
        """When the estimate of the script at ``path`` was saved, in nanoseconds; None without one."""
        entry = self._entry(path)
        try:
            return None if entry is None else entry.stat().st_mtime_ns
        except OSError:
            return None

    def _entry(self, path: str) -> os.DirEntry[str] | None:
        return self._entries.get(saved.file_name(path, self._real)) if self._entries else None

    @cached_property
    def _entries(self) -> dict[str, os.DirEntry[str]]:
        try:
            with os.scandir(saved.estimates_folder()) as entries:
                return {entry.name: entry for entry in entries}
        except (OSError, RuntimeError):
            return {}


def place_of(measurement: Measurement, source: Source) -> Location | None:
    """Where the training stands in the script; None when that is not known."""
    if measurement.line is None or not 0 < measurement.line <= len(source.line_starts):
        return None
    start, end = source.line_span(measurement.line - 1)
    text = source.text[start:end]
    return source.location(start + len(text) - len(text.lstrip()))


def summary(measurement: Measurement) -> str:
    """``about 3.1 GiB on T4 at batch 32 (predicted by the GPU compiler, 27 Nov 2025)``."""
    figures = ", ".join(_figure(one) for one in measurement.gpus)
    batch = "" if measurement.batch_size is None else f" at batch {measurement.batch_size}"
    ways = " or ".join(dict.fromkeys(one.how for one in measurement.gpus))
    made = f", {measurement.made}" if measurement.made else ""
    return f"about {figures}{batch} ({ways}{made})"


def size_on(one: OnGpu) -> str:
    """``3.1 GiB on T4``; ``3.1 GiB`` of a program without a GPU."""
    where = "" if one.name is None else f" on {one.name}"
    return f"{format_bytes(one.likely)}{where}"


def verdict(one: OnGpu) -> str:
    """``does not fit`` and the like; empty without a GPU."""
    # Late, here and below: most runs see no estimate.
    from keras_memlint.analysis.sizes.measurement import VERDICTS

    return "" if one.fits is None else VERDICTS[one.fits]


def _figure(one: OnGpu) -> str:
    return f"{size_on(one)}, which {verdict(one)}" if one.fits in ("no", "borderline") else size_on(one)


def _day(nanoseconds: int | None) -> str:
    if nanoseconds is None:
        return ""
    at = time.localtime(nanoseconds / 1e9)
    return f"{at.tm_mday} {_MONTHS[at.tm_mon - 1]} {at.tm_year}"


def _measurement(estimate: Estimate, made: str) -> Measurement:
    from keras_memlint.analysis.sizes.measurement import Measurement

    return Measurement(
        estimate.script_hash,
        estimate.line,
        estimate.batch_size,
        estimate.policy,
        tuple(_on_gpu(target, estimate.what_if) for target in estimate.targets) or (_alone(estimate),),
        estimate.breakdown.parameters,
        estimate.breakdown.optimizer,
        made,
    )


def _on_gpu(target: TargetEstimate, changes: tuple[WhatIf, ...]) -> OnGpu:
    from keras_memlint.analysis.sizes.measurement import OnGpu
    from keras_memlint.estimate.result import TIERS

    total = target.device_total_bytes
    return OnGpu(
        target.name,
        target.memory_bytes,
        target.tier,
        TIERS[target.tier],
        total.low,
        total.mid,
        total.high,
        target.fits,
        None if target.largest_batch is None else target.largest_batch.size,
        tuple(_savings(changes, target.name)),
    )


def _alone(estimate: Estimate) -> OnGpu:
    """The training program by itself, when no GPU was asked about."""
    from keras_memlint.analysis.sizes.measurement import OnGpu
    from keras_memlint.estimate.result import TIERS

    peak = estimate.program_peak_bytes
    how = TIERS[estimate.tier]
    savings = tuple(_savings(estimate.what_if, None))
    return OnGpu(None, None, estimate.tier, how, peak.low, peak.mid, peak.high, savings=savings)


def _savings(changes: tuple[WhatIf, ...], gpu: str | None) -> Iterator[tuple[str, int]]:
    for change in changes:
        if change.saved_bytes is not None and (gpu is None or change.target == gpu):
            yield change.change, change.saved_bytes
