"""GPUs as XLA's compiler wants them described."""

from __future__ import annotations

from dataclasses import dataclass

from keras_memlint.analysis.gpus import Gpu


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU that programs can be compiled for. ``description`` is the text of XLA's ``GpuTargetConfigProto``."""

    gpu: Gpu
    description: str
