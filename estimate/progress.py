"""How far an estimate is, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done. ``fraction`` of the whole estimate, 0 to 1, a guess."""

    stage: str
    detail: str = ""
    fraction: float = 0.0


Progress = Callable[[Stage], None]


def silent(_stage: Stage) -> None:
    """Nobody looks."""
