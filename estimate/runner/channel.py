"""The control channel: JSON lines on what were standard input and output, which the script no longer sees."""

from __future__ import annotations

import json
import os
import queue
import threading
from typing import Any


class Channel:
    """Takes over the process's standard input and output. The script reads nothing and writes to ``output``.

    The end of the input means that nobody listens any more: the process ends at once.
    """

    def __init__(self, output: str) -> None:
        self._from_client = os.dup(0)  # Python's descriptors are not inherited by programs that are started.
        self._to_client = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        text = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(text, 1)
        os.dup2(text, 2)
        os.close(text)
        self._lock = threading.Lock()
        self._open = True
        self._commands: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)

    def send(self, event: dict[str, Any]) -> None:
        """One line to the client."""
        line = json.dumps(event, default=str).encode() + b"\n"
        if not self._open:
            return
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._to_client, line) :]
            except OSError:
                os._exit(0)

    def command(self) -> dict[str, Any]:
        """The client's next command; waits for it."""
        return self._commands.get()

    def _read(self) -> None:
        with os.fdopen(self._from_client, "rb") as lines:
            for line in lines:
                try:
                    command = json.loads(line)
                except ValueError:
                    continue
                if command.get("do") == "bye":
                    break
                self._commands.put(command)
        os._exit(0)

    def _leave(self) -> None:
        """A forked child is no part of the conversation, and must not hold it open."""
        self._open = False
        self._lock = threading.Lock()
        for descriptor in (self._from_client, self._to_client):
            try:
                os.close(descriptor)
            except OSError:
                pass
