"""Which models left it to Keras 3 whether XLA compiles their step: the answer on a GPU is another one than here."""

from __future__ import annotations

import functools
import inspect
from types import ModuleType
from typing import Any

from .run import Run

MODELS: set[int] = set()
"""``id`` of the models whose last ``compile`` left it open."""


def install(run: Run) -> None:
    """Waits for Keras 3's trainer."""
    run.hooks.after("keras.src.trainers.trainer", _listen)


def _listen(module: ModuleType) -> None:
    trainer: Any = vars(module).get("Trainer")
    original = getattr(trainer, "compile", None)
    if original is None:
        return
    signature = inspect.signature(original)

    @functools.wraps(original)
    def compile(self: Any, *arguments: Any, **options: Any) -> Any:
        given = signature.bind(self, *arguments, **options).arguments
        change = MODELS.add if given.get("jit_compile", "auto") == "auto" else MODELS.discard
        change(id(self))
        return original(self, *arguments, **options)

    trainer.compile = compile
