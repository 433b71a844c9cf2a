"""What the user asked ``estimate`` for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_memlint.estimate.devices import Device

WHAT_IFS = ("mixed_bfloat16", "mixed_float16", "accumulation", "batch", "sgd", "lion", "adafactor", "remat")
"""The changes that can be recomputed, as ``--what-if`` names them."""


@dataclass(frozen=True, slots=True)
class Request:
    """One run. ``script`` is a file; ``module`` is what stands after ``python -m``; one of them is None.

    ``fit_index`` counts the script's trainings from 0. ``steps`` of training are run; ``time_limit`` in seconds holds
    for the script until its training step is caught. ``local``: this machine's GPU is measured, if there is one;
    ``targets`` are predicted. ``search`` for the largest batch that fits each. ``batch`` and
    ``policy`` take the place of the script's own; ``batch_sizes`` are predicted beside. ``what_if`` names
    changes of ``WHAT_IFS``; None means the usual remedies where the script does not surely fit.
    """

    script: Path | None
    module: str | None
    python: str
    cwd: Path
    arguments: tuple[str, ...] = ()
    fit_index: int = 0
    steps: int = 3
    local: bool = True
    targets: tuple[Device, ...] = ()
    search: bool = True
    batch: int | None = None
    policy: str | None = None
    batch_sizes: tuple[int, ...] = ()
    what_if: tuple[str, ...] | None = None
    time_limit: float = 600
