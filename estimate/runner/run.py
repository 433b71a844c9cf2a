"""What is known of the run so far, shared by everything that watches the script."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from typing import Any, Callable, NoReturn

from . import host
from .asked import Asked
from .channel import Channel
from .hooks import Hooks


class Stop(BaseException):
    """Leaves the framework's training loop. It passes no code of the user's, except a step that they wrote."""


class Run:
    """One run of one script. ``fits`` counts the trainings seen, the one in progress included."""

    def __init__(self, asked: Asked, channel: Channel, hooks: Hooks) -> None:
        self.asked = asked
        self.channel = channel
        self.hooks = hooks
        self.fits = 0
        self.blocked: Counter[str] = Counter()
        self.seconds: dict[str, float] = {"import": 0.0}
        self.imports = 0
        self.before_training: tuple[int, int] | None = None
        self.notes: list[dict[str, str]] = []
        self.hooked = False
        self.keeper: Any = None
        self.unsupported = ""
        self._started = time.perf_counter()
        self._process = os.getpid()
        self._stage = ("import", "")
        self._ending = threading.Lock()

    @property
    def watching(self) -> bool:
        """False in forked children, and while a hook already looks at what happens."""
        return not self.hooked and self.is_script_process

    @property
    def is_script_process(self) -> bool:
        """False in forked children."""
        return os.getpid() == self._process

    def stage(self, stage: str, detail: str = "") -> None:
        """Tells the client what is going on."""
        self._stage = (stage, detail)
        self.report_memory()

    def report_memory(self) -> None:
        """The stage once more, with what is resident now."""
        stage, detail = self._stage
        event = {"event": "stage", "stage": stage, "detail": detail, "resident": host.resident()}
        self.channel.send(event)

    def step(self, number: int) -> None:
        """Tells the client that a training step has been done."""
        event = {"event": "step", "n": number, "of": self.asked.steps, "resident": host.resident()}
        self.channel.send(event)

    def training_starts(self) -> None:
        """Memory and time up to here belong to the script itself."""
        if self.before_training is None:
            self.before_training = (host.resident(), host.resident_peak())
            self.seconds["script"] = self.elapsed() - self.seconds["import"]
            self.stage("training")

    def elapsed(self) -> float:
        """Seconds since the runner started."""
        return time.perf_counter() - self._started

    def note(self, what: str, detail: str) -> None:
        """Something that the measurement does not cover."""
        entry = {"what": what, "detail": detail}
        if entry not in self.notes:
            self.notes.append(entry)

    def blocks(self, name: str) -> None:
        """Counts something that was not written."""
        self.blocked[name] += 1

    def enough(self, steps: int, training_seconds: float) -> bool:
        """Whether to stop: all the steps are done, or one at least and their time is up."""
        return steps >= self.asked.steps or training_seconds > self.asked.step_seconds

    def finish(self, outcome: str, **facts: Any) -> NoReturn:
        """The end without a caught training step. Nothing of the script runs after it."""
        self.leave(lambda: self.channel.send(self.end(outcome, **facts)))

    def end(self, outcome: str, **facts: Any) -> dict[str, Any]:
        """The event that says why there was nothing to catch."""
        event: dict[str, Any] = {
            "event": "end",
            "outcome": outcome,
            "detail": "",
            "fits": self.fits,
            "status": 1,
            "where": "",
            "missing_module": None,
            "blocked": dict(self.blocked),
            "written": self.keeper.written if self.keeper is not None else [],
        }
        return {**event, **facts, "resident_peak": host.resident_peak()}

    def leave(self, last_words: Callable[[], None]) -> NoReturn:
        """Ends the process after ``last_words``: no handler, no ``finally`` of the script runs. Only the first thread may."""
        if os.getpid() != self._process:
            os._exit(0)
        if not self._ending.acquire(blocking=False):
            while True:
                time.sleep(3600)
        try:
            _flush()
            if self.keeper is not None:
                self.keeper.tidy()
            last_words()
        finally:
            _flush()
            os._exit(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass
