"""Keras's ``fit`` on PyTorch, one step at a time, as far as memory can tell."""

from __future__ import annotations

import sys
from typing import Any, Callable


def fit_step(model: Any, batch: Any, moved: bool = True) -> Callable[[], Any]:
    """A training step as ``fit`` runs it: the batch before is only let go when the next one is there.

    ``batch``: what ``train_step`` gets, tensors of the CPU, parameters and optimizer slots exist. ``moved``: the data
    adapter puts the batch on the GPU, which it does for arrays; otherwise the model does.
    """
    convert = sys.modules["keras.src.backend.torch.core"].convert_to_tensor if moved else _same
    held: list[Any] = []

    def step() -> Any:
        held[:] = [_converted(batch, convert)]
        return model.train_step(held[0])

    return step


def _same(tensor: Any) -> Any:
    return tensor


def _converted(batch: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(batch, dict):
        return {name: _converted(part, convert) for name, part in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(_converted(part, convert) for part in batch)
    return batch if batch is None else convert(batch)
