"""Runs a function in a process of its own, so that whatever happens there becomes an answer here."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from keras_memlint.estimate.interruptions import own_folder, uninterrupted

GRACE_SECONDS = 5.0
"""How long a process that is told to stop may take to clean up behind itself."""

MARK = "KERAS_MEMLINT_PROCESS"
"""The variable by which the processes that a process started are known, whatever became of their parents."""

_POLL_SECONDS = 0.1
# `-I`: neither the current folder nor PYTHONPATH may put another module in the place of one of ours or Python's. The
# path of this process follows on standard input.
_CHILD = (
    "import os, pickle, sys; stream = os.fdopen(os.dup(0), 'rb'); sys.path[:] = pickle.load(stream); "
    "from keras_memlint.estimate.isolated_child import main; main(stream)"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one item.

    ``done``: ``value`` is what the function returned. Else ``reason`` says in a few words why there is none: it raised
    an error, its process died, or it was stopped after its time.
    """

    kind: Literal["done", "raised", "died", "late"]
    value: Any = None
    reason: str = ""


class StoppedError(Exception):
    """Nobody waits for the answers any more."""


def isolated(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    cwd: Path | None = None,
    limit: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Answer]:
    """The answer for each of ``items`` in their order, all in one process as long as that lives.

    ``function`` and the items travel by pickle. ``limit``: seconds for each item. Raises StoppedError when ``stopped``
    says so. However it ends, no process is left, nor what these put into the folder for temporary files.
    """
    at = 0
    while at < len(items):
        with contextlib.ExitStack() as processes:
            with uninterrupted():
                process = processes.enter_context(_Process(cwd))
            process.send(function, items[at:])
            while at < len(items):
                answer = process.answer(limit, stopped)
                yield answer
                at += 1
                if answer.kind in ("died", "late"):
                    break


class _Process:
    """The other process. Leaving it ends it and all that it started."""

    def __init__(self, cwd: Path | None) -> None:
        self._mark = uuid.uuid4().hex
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._cleanup = contextlib.ExitStack()
        try:
            self._folder = self._cleanup.enter_context(own_folder())
            self._errors: IO[bytes] = self._cleanup.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder))
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=cwd,
                env={**os.environ, **temporary, MARK: self._mark},
                start_new_session=True,  # Ctrl-C is for this process, which then stops the other one
            )
        except BaseException:
            self._cleanup.close()
            raise
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._stdout = self._process.stdout
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._stop()
        finally:
            end_marked(self._mark)
            self._reader.join(GRACE_SECONDS)
            for stream in (self._stdin, self._stdout):
                with contextlib.suppress(OSError):
                    stream.close()
            self._cleanup.close()

    def send(self, function: Callable[[Any], Any], items: Sequence[Any]) -> None:
        # What cannot be sent because the process is gone already shows when its answer is waited for.
        with contextlib.suppress(BrokenPipeError):
            # Entries such as "" mean the current folder, which is another one there.
            path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100
            self._stdin.write(pickle.dumps(path) + pickle.dumps((str(self._folder), function, list(items))))
            self._stdin.flush()

    def answer(self, limit: float | None, stopped: Callable[[], bool]) -> Answer:
        """The next answer. It is the last one when the process died or was late."""
        started = time.monotonic()
        while True:
            try:
                frame = self._frames.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if stopped():
                    raise StoppedError from None
                if limit is not None and time.monotonic() - started > limit:
                    return Answer("late", reason=f"took longer than {limit:g} s and was stopped")
                continue
            if frame is None:
                return Answer("died", reason=self._death())
            kind, value = pickle.loads(frame)
            return Answer("done", value) if kind == "done" else Answer("raised", reason=value)

    def _read(self) -> None:
        """Puts every whole frame into the queue, and None when there are no more."""
        with contextlib.suppress(OSError, ValueError):
            while len(head := self._stdout.read(8)) == 8:
                size = int.from_bytes(head, "little")
                if len(frame := self._stdout.read(size)) < size:
                    break
                self._frames.put(frame)
        self._frames.put(None)

    def _death(self) -> str:
        try:
            status = self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return "the process closed its output"
        if status < 0:
            return f"the process died (signal {-status})"
        self._errors.seek(0)
        lines = self._errors.read()[-4000:].decode(errors="replace").strip().splitlines()
        return f"the process ended with status {status}" + (f": {lines[-1].strip()}" if lines else "")

    def _stop(self) -> None:
        """Asks the process to end, and ends it when it does not."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()


def end_marked(mark: str, *, spare: int | None = None) -> None:
    """Ends at once the processes that carry ``mark`` in their environment, without ``spare``. Elsewhere than on Linux,
    where nobody tells, it does nothing."""
    wanted = f"{MARK}={mark}".encode()
    if sys.platform != "linux":
        return
    # One may just be starting another.
    for _ in range(3):
        found = [pid for pid in _processes() if pid != spare and _carries(pid, wanted)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, 9)
        time.sleep(0.02)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _carries(pid: int, wanted: bytes) -> bool:
    try:
        return wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return False
