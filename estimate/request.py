"""What the user asked ``estimate`` for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_memlint.estimate.devices import Device

WHAT_IFS = ("mixed_bfloat16", "mixed_float16", "accumulation", "batch", "sgd", "lion", "adafactor", "remat")
"""The changes that can be recomputed, as ``--what-if`` names them; ``all`` means every one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One run. ``script`` is a file; ``module`` is what stands after ``python -m``; one of them is None.

    ``fit_index`` counts the script's trainings from 0. ``steps`` of training are run; ``time_limit`` in seconds holds
    for the script until its training step is caught. Without ``targets`` the local GPU is meant.
    """

    script: Path | None
    module: str | None
    python: str
    cwd: Path
    arguments: tuple[str, ...] = ()
    fit_index: int = 0
    steps: int = 3
    targets: tuple[Device, ...] = ()
    batch_sizes: tuple[int, ...] = ()
    what_if: tuple[str, ...] = ()
    time_limit: float = 600
