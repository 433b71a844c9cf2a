"""Which models left it to Keras 3 whether XLA compiles their step: the answer on a GPU is another one than here."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from .run import Run

MODELS: set[int] = set()
"""``id`` of the models; they live as long as the script."""


def install(run: Run) -> None:
    """Waits for Keras 3's trainer."""
    run.hooks.after("keras.src.trainers.trainer", _listen)


def _listen(module: ModuleType) -> None:
    trainer: Any = vars(module).get("Trainer")
    original = getattr(trainer, "_resolve_auto_jit_compile", None)
    if original is None:
        return

    @functools.wraps(original)
    def resolve(self: Any) -> Any:
        MODELS.add(id(self))
        return original(self)

    trainer._resolve_auto_jit_compile = resolve
