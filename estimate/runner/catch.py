"""A training step that has been caught: what is known of it, and the program that it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from . import shapes


class Cannot(Exception):
    """Why something that was asked cannot be done: one sentence."""


@dataclass
class Options:
    """A training step other than the script's own, as a command asks for it.

    ``capability``: the compute capability of the GPU it is for, where the step depends on it.
    """

    batch: int | None = None
    optimizer: str | None = None
    accumulation: int = 1
    remat: bool = False
    capability: tuple[int, int] | None = None


@dataclass
class Argument:
    """One argument of an exported program."""

    kind: str
    name: str
    shape: shapes.Shape

    def plain(self) -> dict[str, Any]:
        """As the client reads it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "bytes": self.shape.bytes or 0,
            "dtype": self.shape.dtype,
            "shape": list(self.shape.shape),
        }


class Program:
    """The step as something that can be traced again. The base class is the step that cannot."""

    route = ""

    def __init__(self, reason: str = "the step is not a graph") -> None:
        self.reason = reason

    def cannot(self) -> dict[str, str]:
        """The commands that will not be answered, with the reason."""
        return {"program": self.reason, "liveness": self.reason}

    def export(self, options: Options) -> tuple[bytes, list[Argument]]:
        """The step's module for the GPU compiler, with its arguments in order."""
        raise Cannot(self.reason)

    def liveness(self, options: Options) -> dict[str, Any]:
        """What is alive during the step."""
        raise Cannot(self.reason)


@dataclass
class Catch:
    """The step and its circumstances. ``data`` is one batch as a structure of shapes; ``frame`` the user's frame."""

    hook: str
    backend: str
    frame: FrameType | None
    line: int
    steps: int
    step_seconds: list[float]
    model: Any = None
    optimizer: Any = None
    trained: list[Any] = field(default_factory=list)
    data: Any = None
    batch_size: int | None = None
    program: Program = field(default_factory=Program)
    buffers: list[dict[str, Any]] = field(default_factory=list)
    allocator: dict[str, Any] = field(default_factory=dict)
    distributed: bool = False
