"""The runner as a process, spoken to as the client does."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).parents[2] / "estimate" / "runner"


class Conversation:
    """One run. ``event`` is the one that ended the script: ``caught`` or ``end``."""

    def __init__(self, folder: Path, request: dict[str, Any], environment: dict[str, str]) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        values = {"cwd": str(folder), "out": str(self.out), **request}
        (self.out / "request.json").write_text(json.dumps(values))
        self.process = subprocess.Popen(
            [sys.executable, str(RUNNER), str(self.out / "request.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "", **environment},
        )
        self.events: list[dict[str, Any]] = []
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def until(self, *kinds: str, seconds: float = 120) -> dict[str, Any]:
        """The next event of these kinds."""
        while line := self._lines.get(timeout=seconds):
            event: dict[str, Any] = json.loads(line)
            self.events.append(event)
            if event["event"] in kinds:
                return event
        raise AssertionError(f"the runner is gone: {self.output()}")

    @property
    def event(self) -> dict[str, Any]:
        """What the script came to."""
        return self.until("caught", "end")

    def caught(self) -> dict[str, Any]:
        """The caught step."""
        event = self.event
        assert event["event"] == "caught", (event, self.output())
        return event

    def ask(self, do: str, **options: Any) -> dict[str, Any]:
        """The answer to one command."""
        assert self.process.stdin
        number = len(self.events)
        self.process.stdin.write(json.dumps({"id": number, "do": do, **options}).encode() + b"\n")
        self.process.stdin.flush()
        answer = self.until("answer")
        assert answer["id"] == number
        return answer

    def kinds(self, **options: Any) -> list[tuple[str, list[int]]]:
        """Kind and shape of the arguments of a program; its file is not empty."""
        answer = self.ask("program", **options)
        assert "error" not in answer, answer
        assert Path(answer["program"]).stat().st_size > 1000
        return [(argument["kind"], argument["shape"]) for argument in answer["arguments"]]

    def close(self) -> int:
        """The exit status after the end of the client."""
        assert self.process.stdin
        self.process.stdin.close()
        return self.process.wait(20)

    def output(self) -> str:
        """What the script printed."""
        path = self.out / "output.txt"
        return path.read_text(errors="replace") if path.exists() else ""


Run = Callable[..., Conversation]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """``run(text, **request)`` starts the runner on a script with this text, or on what the request names."""
    started: list[Conversation] = []

    def start(
        text: str | None = None, /, environment: dict[str, str] | None = None, **request: Any
    ) -> Conversation:
        if text is not None:
            request["script"] = str(tmp_path / "train.py")
            Path(request["script"]).write_text(textwrap.dedent(text))
        started.append(Conversation(tmp_path, request, environment or {}))
        return started[-1]

    yield start
    for conversation in started:
        conversation.process.kill()
        conversation.process.wait()
