"""What the user may tell the analysis: thresholds and the machine the script will run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_memlint.analysis.sizes.measurement import Measurement

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Target:
    """The machine a script trains on. None means unknown.

    ``gpu_memory`` and ``host_memory`` in bytes; ``compute_capability`` as in (8, 0).
    """

    gpu: str | None = None
    gpu_memory: int | None = None
    compute_capability: tuple[int, int] | None = None
    host_memory: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the analysis, part of the cache key.

    ``size_threshold``: arrays known to be smaller (bytes) are never called large. ``exclusive_gpu``: no other
    process shares the GPU. ``measurement``: what the script's estimate says; it holds for the text it was made of alone.
    """

    target: Target = Target()
    size_threshold: int = 64 * MIB
    exclusive_gpu: bool = False
    measurement: Measurement | None = None
