"""Which program a caught model has, by backend."""

from __future__ import annotations

from typing import Any

from .catch import Program


def of_model(model: Any, backend: str, data: Any, batch: int | None, distributed: bool) -> Program:
    """The training step of a compiled model."""
    if distributed:
        return Program("the script distributes its training over several devices")
    if data is None:
        return Program("no batch of the training data was seen")
    if backend == "tensorflow":
        from . import programs_tensorflow

        return programs_tensorflow.ModelStep(model, data, batch)
    if backend == "jax":
        from . import programs_jax

        return programs_jax.ModelStep(model, data, batch)
    from . import programs_torch

    return programs_torch.ModelStep(model, data, batch)
