"""A child process with a control channel, its descendants, and the memory they hold."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_memlint.estimate.process_group import own_group, tell_group

_SAMPLE_SECONDS = 0.2
_GRACE_SECONDS = 2.0


class Child:
    """A running process that speaks JSON lines on its standard input and output, in a process group of its own.

    ``resident`` is the last reading of its resident memory in bytes, ``resident_peak`` the highest; both 0 where
    the system does not tell (only Linux does).
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], errors: Path
    ) -> None:
        """Start it. ``errors`` is the file that gets its standard error. Raises OSError when it cannot start."""
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.resident = self.resident_peak = 0
        with errors.open("wb") as stream:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                **own_group(),
            )
        self.pid = self._process.pid
        for work in (self._read, self._watch):
            threading.Thread(target=work, daemon=True).start()

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Whether the message could be written; it cannot when the process is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # a closed file is a ValueError
            return False
        return True

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message; None when the process closed its output, which it does when it ends.

        Raises TimeoutError when nothing came in that time.
        """
        try:
            message = self._lines.get(timeout=max(seconds, 0))
        except queue.Empty:
            raise TimeoutError from None
        if message is None:
            self._lines.put(None)
            # The output closes a moment before the process is gone.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_SECONDS)
        return message

    def kill(self) -> None:
        """End the process and everything it started in its group; returns when it is gone."""
        tell_group(self.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        tell_group(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                with contextlib.suppress(ValueError):
                    message = json.loads(line)
                    if isinstance(message, dict):
                        self._lines.put(message)
        self._lines.put(None)

    def _watch(self) -> None:
        while self._process.poll() is None:
            if reading := _resident(self.pid):
                self.resident = reading
                self.resident_peak = max(self.resident_peak, reading)
            time.sleep(_SAMPLE_SECONDS)


def _resident(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
