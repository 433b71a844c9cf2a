"""What a log says ran out of memory: plain data, filled in line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from keras_memlint.server.oom.sizes import bytes_of

Memory = Literal["gpu", "host"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A row of a script that a traceback names, and the ``text`` the log shows of it, empty without one.

    ``file`` is empty for a cell of a notebook.
    """

    file: str
    row: int
    text: str = ""


@dataclass(slots=True)
class Buffer:
    """The largest buffer of a compiled program; ``operator`` is the path of the operation that fills it."""

    bytes: int | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    operator: str | None = None


@dataclass(slots=True)
class Failure:
    """One failure, of a ``kind`` of ``messages.MESSAGES``; ``line`` is its row in the log. None: the log does not say.

    ``said`` are the bytes that the message names, ``limit`` what there is of the memory, ``held`` what was in use, or what
    the killed ``process`` held. ``node`` and ``op`` are names in TensorFlow's graph. ``frames`` are the user's own rows,
    outermost first. ``sure`` is false for a process that was killed, which other things than memory may do.
    """

    kind: str
    reporter: str
    line: int
    memory: Memory | None = None
    sure: bool = True
    said: int | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    allocator: str | None = None
    device: str | None = None
    node: str | None = None
    op: str | None = None
    limit: int | None = None
    held: int | None = None
    process: str | None = None
    buffer: Buffer | None = None
    frames: tuple[Frame, ...] = ()

    @property
    def exact(self) -> int | None:
        """The bytes of its shape and dtype, None where one of them is not known."""
        return bytes_of(self.shape, self.dtype)

    @property
    def asked(self) -> int | None:
        """What was asked for: exactly where the tensor is known, else as the message rounds it."""
        return self.said if self.exact is None else self.exact


def is_python(process: str) -> bool:
    """Whether a process of this name may be a training; PyTorch calls its own otherwise."""
    return process.lower().startswith(("python", "ipython", "jupyter", "pt_"))


@dataclass(slots=True)
class Log:
    """What was found in a log: ``main`` is the failure that ended it, ``others`` those of other kinds or times."""

    main: Failure
    others: list[Failure] = field(default_factory=list)
