"""What lines around a message say: limits, what was in use, the node of the graph, buffers of a compiled program."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from keras_memlint.server.oom.failure import Buffer, Failure
from keras_memlint.server.oom.sizes import SIZE, dtype, shape, size


class Details:
    """What was read so far of one failure, before or after its message: in which order they stand differs."""

    def __init__(self) -> None:
        self.group: tuple[int | None, int | None] = (None, None)
        self.limit: int | None = None
        self.held: int | None = None
        self.node: str | None = None
        self.platform: str | None = None
        self.buffer: Buffer | None = None

    def give(self, failure: Failure) -> None:
        """Completes ``failure``, which knows better what its own message says."""
        if failure.kind in ("kernel", "cgroup", "cgroup-kill", "kernel-kill", "kernel-call"):
            held, limit = self.group
        elif failure.reporter in ("TensorFlow", "XLA"):
            held, limit = self.held, self.limit
            failure.node = failure.node or self.node
            failure.buffer = failure.buffer or self.buffer
            if failure.memory is None and self.platform is not None:
                failure.memory = "host" if self.platform == "Host" else "gpu"
        else:
            return
        failure.held = held if failure.held is None else failure.held
        failure.limit = failure.limit or limit


class Detail(NamedTuple):
    """One form of a line, and what is kept of it; a line without any of ``words``, in lower case, is not of this form."""

    words: tuple[str, ...]
    form: re.Pattern[str]
    keep: Callable[[Details, re.Match[str]], None]


def _limit(details: Details, found: re.Match[str]) -> None:
    details.limit = size(found[1]) or details.limit


def _held(details: Details, found: re.Match[str]) -> None:
    details.held = size(found[1])


def _group(details: Details, found: re.Match[str]) -> None:
    details.group = size(found[1]), size(found[2])


def _node(details: Details, found: re.Match[str]) -> None:
    name = found["new"] or found["old"] or found["quoted"]
    if not name.startswith("__") and details.node is None:
        details.node = name


def _platform(details: Details, found: re.Match[str]) -> None:
    details.platform = found[1]


def _buffer(details: Details, _found: re.Match[str]) -> None:
    details.buffer = Buffer()


def _next_buffer(details: Details, _found: re.Match[str]) -> None:
    """Only the largest is kept, which is the first."""
    if details.buffer is not None and details.buffer.bytes is None:
        details.buffer = None


def _buffer_size(details: Details, found: re.Match[str]) -> None:
    if details.buffer is not None and details.buffer.bytes is None:
        details.buffer.bytes = size(found[1])


def _buffer_shape(details: Details, found: re.Match[str]) -> None:
    if details.buffer is not None and details.buffer.shape is None:
        details.buffer.dtype, details.buffer.shape = dtype(found[1]), shape(found[2])


def _buffer_operator(details: Details, found: re.Match[str]) -> None:
    if details.buffer is not None and details.buffer.operator is None:
        details.buffer.operator = found[1]


DETAILS = (
    Detail(("limit:",), re.compile(rf"\bLimit:\s{{2,}}({SIZE}|\d{{7,}}$)"), _limit),
    Detail(("inuse:",), re.compile(rf"\bInUse:\s{{2,}}({SIZE}|\d{{7,}}$)"), _held),
    Detail(("memory: usage",), re.compile(r"memory: usage (\d+kB), limit (\d+kB)"), _group),
    Detail(
        ("[[", "node: '"),
        re.compile(
            r"\[\[(?:\{\{function_node [^}]*\}\})?(?:\{\{node (?P<new>[\w/.-]+)\}?\}?|[Nn]ode:? (?P<old>[\w/.-]+))"
            r"|\bNode: '(?P<quoted>[\w/.-]+)"
        ),
        _node,
    ),
    Detail(("for platform",), re.compile(r"initialized for platform (\w+)"), _platform),
    Detail(("buffer 1:",), re.compile(r"^\s*Buffer 1:"), _buffer),
    Detail(("buffer 2:",), re.compile(r"^\s*Buffer 2:"), _next_buffer),
    Detail(("size: ",), re.compile(rf"^\s*Size: ({SIZE})"), _buffer_size),
    Detail(
        ("shape: ",), re.compile(r"^\s*(?:Shape|Entry Parameter Subshape): (\w+)\[([\d,]*)\]"), _buffer_shape
    ),
    Detail(("operator: ",), re.compile(r'^\s*Operator: op_name="([^"]*)"'), _buffer_operator),
)
