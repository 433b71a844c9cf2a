"""The user's script in its own Python, stopped at a training step and ready to answer questions about it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.estimate.child import Child
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.interruptions import own_folder, uninterrupted
from keras_memlint.estimate.progress import Progress, Stage, silent
from keras_memlint.estimate.request import Request

_RUNNER = Path(__file__).parent / "runner"
_ANSWER_SECONDS = 300
_OUTPUT_LINES = 15
_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Empty lines, and what TensorFlow says of a machine without a GPU.
_CHATTER = re.compile(r"\s*$|[IWE]\d{4} |\d{4}-\d\d-\d\d .*tensorflow/|WARNING: All log messages before absl")
_STEP_SECONDS = 20

Caught = dict[str, Any]
"""What the runner says of the training step, see ``docs/estimate-internals.md``."""


class Session:
    """Runs the script until its training step is caught. A context manager: leaving it ends the process for sure.

    ``policy`` overrides the script's dtype policy, ``steps`` the request's; 0 stops before the first step. ``started``
    gets the number of the process. ``compiled`` is a folder where JAX keeps what it compiled. ``resident_peak``: the
    highest reading of the process's resident memory until the step was caught, in bytes.
    Raises EstimateError with one sentence when no step can be caught.
    """

    def __init__(
        self,
        request: Request,
        *,
        policy: str | None = None,
        steps: int | None = None,
        progress: Progress = silent,
        started: Callable[[int], None] | None = None,
        compiled: Path | None = None,
    ) -> None:
        self._request = request
        self._progress = progress
        self._questions = 0
        self._cleanup = ExitStack()
        try:
            self._folder = self._cleanup.enter_context(own_folder())
            with uninterrupted():
                self._child = self._start(policy, request.steps if steps is None else steps, compiled)
            if started is not None:
                started(self._child.pid)
            self.caught = self._wait_for_step()
            # Questions about the step take memory too, which is not the script's.
            self.resident_peak = self._child.resident_peak
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its folder."""
        if hasattr(self, "_child"):
            self._child.send({"do": "bye"})
            self._child.kill()
        self._cleanup.close()

    def ask(self, do: str, **options: Any) -> dict[str, Any]:
        """The runner's answer to one command. Raises EstimateError with its reason when it has none."""
        self._questions += 1
        self._child.send({"id": self._questions, "do": do, **options})
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            try:
                message = self._child.receive(deadline - time.monotonic())
            except TimeoutError:
                raise EstimateError(f"the script's process gave no answer in {_ANSWER_SECONDS} s") from None
            if message is None:
                raise EstimateError(self._death("while its training step was looked at"))
            if message.get("event") == "answer" and message.get("id") == self._questions:
                if "error" in message:
                    raise EstimateError(str(message["error"]))
                return message

    def _start(self, policy: str | None, steps: int, compiled: Path | None) -> Child:
        request = self._request
        order = self._folder / "request.json"
        order.write_text(
            json.dumps(
                {
                    "script": None if request.script is None else str(request.script),
                    "module": request.module,
                    "notebook": request.script is not None and request.script.suffix == ".ipynb",
                    "arguments": list(request.arguments),
                    "cwd": str(request.cwd),
                    "fit_index": request.fit_index,
                    "steps": steps,
                    "step_seconds": _STEP_SECONDS,
                    "out": str(self._folder),
                    "policy": policy,
                }
            ),
            encoding="utf-8",
        )
        try:
            temporary = self._folder / "tmp"
            temporary.mkdir()
            return Child(
                [request.python, str(_RUNNER), str(order)],
                cwd=request.cwd,
                environment=os.environ
                | _ENVIRONMENT
                | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
                | ({} if compiled is None else _kept(compiled)),
                errors=self._folder / "errors.txt",
            )
        except OSError as error:
            raise EstimateError(f"`{request.python}` does not start: {error.strerror or error}") from None

    def _wait_for_step(self) -> Caught:
        limit = self._request.time_limit
        deadline = time.monotonic() + limit
        stage = "start"
        while True:
            try:
                message = self._child.receive(deadline - time.monotonic())
            except TimeoutError:
                raise EstimateError(
                    f"no training step within {limit:.0f} s (last seen: {stage}); a longer time limit, or a smaller"
                    " part of the data, may help",
                    self._output(),
                    "--time-limit",
                ) from None
            if message is None:
                raise EstimateError(self._death(), self._output())
            event = message.get("event")
            if event == "caught":
                return message
            if event == "end":
                sentence, option = self._ended(message)
                raise EstimateError(sentence, self._output(), option)
            if event == "stage":
                stage = str(message.get("stage"))
                self._progress(Stage(stage, str(message.get("detail") or "")))
            elif event == "step":
                self._progress(Stage("training", f"step {message.get('n')} of {message.get('of')}"))

    def _ended(self, end: dict[str, Any]) -> tuple[str, str]:
        """One sentence for a script that ended before its training step, and the option that helps, often none."""
        detail, where, outcome = str(end.get("detail") or ""), end.get("where"), end.get("outcome")
        at = f" at {self._short(str(where))}" if where else ""
        if missing := end.get("missing_module"):
            sentence = (
                f"{self._name} needs `{missing}`, which the Python that it was run with does not have"
                f" ({self._request.python}): choose the one that the script runs with"
            )
            return sentence, "--python"
        if outcome == "no-training":
            fits = int(end.get("fits") or 0)
            if fits:
                sentence = (
                    f"{self._name} trains {fits} time{'s' if fits > 1 else ''}:"
                    f" there is no training {self._request.fit_index}, counted from 0"
                )
                return sentence, "--fit-index"
            return (
                f"{self._name} ended without a training step: no fit, no train_on_batch, no update of an optimizer"
            ), ""
        if outcome == "input":
            sentence = (
                f"{self._name} asks for input{at}, which an estimate cannot give: let it take an argument"
            )
            return sentence, "after `--`"
        if outcome == "exited":
            return f"{self._name} ended itself{at} before training ({detail})", ""
        if outcome == "unsupported":
            return f"{self._name}: {detail}", ""
        shortened = (
            " (trainings before the one asked for were cut to one step)" if self._request.fit_index else ""
        )
        return f"{self._name} failed{at}: {detail}{shortened}", ""

    def _death(self, when: str = "before training") -> str:
        status = self._child.status
        seen = (
            f"; last seen with {format_bytes(self._child.resident)} resident, at most {format_bytes(self._child.resident_peak)}"
            if self._child.resident_peak
            else ""
        )
        if status == -9:
            return f"{self._name} was killed by the system, most likely because memory ran out{seen}"
        if status is not None and status < 0:
            return f"{self._name} was ended by signal {-status}{seen}"
        return f"{self._name} ended its own process {when} (status {status}){seen}"

    def _output(self) -> str:
        """The last lines that the script printed; empty when there are none."""
        for name in ("output.txt", "errors.txt"):
            try:
                text = (self._folder / name).read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if lines := [line for line in _ESCAPES.sub("", text).splitlines() if not _CHATTER.match(line)]:
                return "".join(f"{line[:200]}\n" for line in lines[-_OUTPUT_LINES:])
        return ""

    @property
    def _name(self) -> str:
        request = self._request
        return f"-m {request.module}" if request.script is None else self._short(str(request.script))

    def _short(self, path: str) -> str:
        """A path as it would be typed in the request's folder."""
        return path.removeprefix(f"{self._request.cwd}{os.sep}")


def _kept(compiled: Path) -> dict[str, str]:
    return {
        "JAX_COMPILATION_CACHE_DIR": str(compiled),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


_ENVIRONMENT = {
    # The framework's own pool would hide what the program needs.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # TensorFlow tells the peak of its CPU allocator only of this one.
    "TF_CPU_ALLOCATOR_USE_BFC": "1",
    "PYTHONUNBUFFERED": "1",
}
"""What holds from the start of the process; what keeps libraries quiet is set in ``runner/quiet.py``."""
