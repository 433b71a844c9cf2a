"""Reads a log: the failure that ended it, with all that the lines around it say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO

from keras_memlint.server.oom import sizes
from keras_memlint.server.oom.details import DETAILS, Details
from keras_memlint.server.oom.failure import Failure, Log, Memory, is_python
from keras_memlint.server.oom.frames import WORDS, Frames
from keras_memlint.server.oom.lines import Line, lines
from keras_memlint.server.oom.message import Message
from keras_memlint.server.oom.messages import MESSAGES
from keras_memlint.server.oom.system_messages import KILLED, SYSTEM

_WORDS = frozenset(word for row in (*MESSAGES, *DETAILS) for word in row.words) | set(WORDS)
_IN_BYTES = sorted(
    {word.encode() for word in _WORDS if not any(other in word for other in _WORDS - {word})}
    | {word.encode().lower() for word in KILLED}
    | {word.encode("latin-1").lower() for word in KILLED if max(word) < "\u0100"}
)
"""A piece of a log without any of these cannot matter. Bytes have lower case in ASCII alone; some logs are in Latin-1."""

_RANK = {message.kind: rank for rank, message in enumerate(MESSAGES)}
_OF_THE_SYSTEM = frozenset(message.kind for message in SYSTEM)
_MOST = 200
"""Failures of a log that are kept; a program that tries again and again tells of very many."""

_AFTER = 20
"""Lines after a message in which more is said of it."""

_WIDEST = 2_000
"""Characters of a line that are looked at for messages: they stand at its start."""


def read(stream: IO[bytes]) -> Log | None:
    """What ran out of memory; None when the log does not tell of it. No bytes make it raise."""
    return read_lines(lines(stream, _is_worth))


def _is_worth(piece: bytes) -> bool:
    lower = piece.lower()
    return any(word in lower for word in _IN_BYTES)


def read_lines(found: Iterable[Line]) -> Log | None:
    """As ``read``, of lines without their prefixes."""
    reader = _Reader()
    for line in found:
        reader.line(line)
    return reader.log()


class _Reader:
    def __init__(self) -> None:
        self._failures: dict[object, Failure] = {}
        self._frames = Frames()
        self._details = Details()
        self._latest: Failure | None = None

    def line(self, line: Line) -> None:
        text = line.text[:_WIDEST]
        lower = text.lower()
        if self._frames.is_open or any(word in lower for word in WORDS):
            self._frames.line(line.number, text)
        for detail in DETAILS:
            if any(word in lower for word in detail.words) and (found := detail.form.search(text)):
                detail.keep(self._details, found)
        for message in MESSAGES:
            if any(word in lower for word in message.words) and (found := message.form.search(text)):
                if "not a failure" not in text:
                    self._keep(_failure(message, line.number, found))
                break
        latest = self._latest
        if latest is not None and line.number - latest.line <= _AFTER:
            self._details.give(latest)

    def _keep(self, failure: Failure) -> None:
        """A message that is told several times is one failure, and each time may say more of it."""
        failure.frames = self._frames.at(failure.line)
        key = failure.kind, failure.said, failure.shape, failure.process
        before = self._failures.pop(key, None)
        if before is not None:
            _complete(failure, before)
        elif self._latest is not None and failure.line - self._latest.line > _AFTER:
            self._details.node = None  # that of an earlier failure
        if len(self._failures) == _MOST:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = self._latest = failure

    def log(self) -> Log | None:
        failures = list(self._failures.values())
        if not failures:
            return None
        last = max(failures, key=lambda one: (one.sure, one.line))
        same = [one for one in failures if last.memory is None or one.memory in (None, last.memory)]
        main = min(same, key=_how_telling)
        if not main.frames and self._frames.latest > main.line:
            main.frames = self._frames.found  # the log ends before the message is told again
        for one in same:
            if one is not main and _agree(main, one):
                _complete(main, one)
        others = [
            one for one in failures if one is not main and (one.kind == main.kind or not _agree(main, one))
        ]
        return Log(main, others)


def _how_telling(failure: Failure) -> tuple[bool, bool, int, int]:
    """Smaller is better: what is surely about memory, of a Python among processes, the most telling form, the latest."""
    other = failure.process is not None and not is_python(failure.process)
    return not failure.sure, other, _RANK[failure.kind], -failure.line


def _agree(main: Failure, other: Failure) -> bool:
    """Whether both may tell of the same failure: what a library says and what the system says are two."""
    if None not in (main.memory, other.memory) and main.memory != other.memory:
        return False
    if (main.kind in _OF_THE_SYSTEM) != (other.kind in _OF_THE_SYSTEM):
        return False
    one, two = main.asked, other.asked
    return one is None or two is None or abs(one - two) <= max(one, two) // 20


def _failure(message: Message, number: int, found: re.Match[str]) -> Failure:
    """What the groups of a form hold."""
    given = {name: text for name, text in found.groupdict().items() if text is not None}
    failure = Failure(message.kind, message.reporter, number, message.memory, message.sure)
    for group, text in given.items():
        name = group.removesuffix("_2").removesuffix("_kib")
        if name in ("said", "held", "limit"):
            setattr(failure, name, sizes.size(text + "K" if group.endswith("_kib") else text))
    for name in ("device", "allocator", "node", "op", "process"):
        setattr(failure, name, given.get(name))
    if "shape" in given or "dims" in given:
        failure.shape = sizes.shape(given.get("shape", given.get("dims", "")))
    if "dtype" in given:
        failure.dtype = sizes.dtype(given["dtype"])
    failure.memory = failure.memory or _memory(failure.allocator, failure.device)
    return failure


def _memory(allocator: str | None, device: str | None) -> Memory | None:
    """The memory of an allocator, else of a device. The GPU has an allocator for pinned memory, which is the host's."""
    for words in (allocator, device):
        lower = (words or "").lower()
        if "cpu" in lower or "host" in lower.rpartition(":")[2].replace("localhost", ""):
            return "host"
        if any(name in lower for name in ("gpu", "cuda", "tpu")):
            return "gpu"
    return None


_COMPLETED = (
    *("memory", "said", "dtype", "allocator", "device", "node", "op"),
    *("limit", "held", "process", "buffer"),
)


def _complete(failure: Failure, other: Failure) -> None:
    """What another message about the same failure says and this one does not."""
    for name in _COMPLETED:
        if getattr(failure, name) is None:
            setattr(failure, name, getattr(other, name))
    failure.frames = failure.frames or other.frames
