"""The compile process: reads requests from standard input and writes answers to standard output, as JSON lines.

It imports jax once and then compiles each program in a fork of itself. The fork is ended as soon as the compiler
has written down where each buffer lies, before it generates code, which is most of the work and says nothing
about memory.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

Json = dict[str, Any]

_POLL = 0.02


class _Requests:
    """Lines from a pipe. ``ended`` looks for its end without waiting."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._text = b""
        self._closed = False

    def next(self) -> Json | None:
        """The next request, None at the end of the pipe."""
        while b"\n" not in self._text:
            if self.ended(wait=None):
                return None
        line, _, self._text = self._text.partition(b"\n")
        return dict(json.loads(line))

    def ended(self, wait: float | None) -> bool:
        """Wait for up to ``wait`` seconds, for ever if None. Whether the pipe is closed on its other side."""
        if not self._closed and select.select([self._descriptor], [], [], wait)[0]:
            piece = os.read(self._descriptor, 1 << 16)
            self._closed = not piece
            self._text += piece
        return self._closed


def main() -> None:
    """Serve until standard input ends."""
    requests, answers = _private_channels()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the client; it closes the pipe.

    def answer(data: Json) -> None:
        answers.write(json.dumps(data) + "\n")
        answers.flush()

    try:
        import jax  # type: ignore[import-not-found, unused-ignore]
        from keras_memlint.estimate.compiler import hlo, program

        hlo.HloProto()
        program.load_plugin()
    except (ImportError, AttributeError) as error:  # The second: a version of jax with other insides.
        answer({"event": "missing", "detail": f"{error}"})
        return
    answer({"event": "ready", "jax": jax.__version__})
    while (request := requests.next()) is not None:
        folder = Path(tempfile.mkdtemp(prefix="keras-memlint-compile-"))
        try:
            reply = _serve(request, folder, requests)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}", "log": traceback.format_exc()}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if reply is None:
            return
        answer({"id": request["id"], **reply})


def _serve(request: Json, folder: Path, requests: _Requests) -> Json | None:
    """The answer to one request, None when nobody waits for it any more."""
    from keras_memlint.estimate.compiler import hlo, memory

    started = time.monotonic()
    outcome = _compile_in_fork(request, folder, requests)
    if outcome is None:
        return None
    compiled = time.monotonic()
    dump = _assignment(folder)
    proto = None if dump is None else hlo.read(dump)
    if proto is None or "error" in outcome:
        error = outcome.get("error", "the compiler did not say where its buffers lie")
        return {"error": error, "log": _log(folder)}
    found = memory.describe(proto, request.get("arguments", []), request.get("layers", []))
    seconds = {
        "compile": round(compiled - started, 3),
        "cpu": outcome["cpu"],
        "read": round(time.monotonic() - compiled, 3),
    }
    return {**found, "seconds": seconds, **({"own": outcome["own"]} if "own" in outcome else {})}


def _compile_in_fork(request: Json, folder: Path, requests: _Requests) -> Json | None:
    """Let a fork compile until the buffer assignment is there. None when nobody waits for it any more.

    With ``whole`` in the request it may finish, and its own memory figures are in the outcome as ``own``.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _child(request, folder, writer)
        finally:  # Whatever happens: it must not go on as a second server on the same pipes.
            os._exit(1)
    os.close(writer)
    outcome: Json | None = {}
    with os.fdopen(reader, "rb") as answer:
        while not select.select([answer], [], [], 0)[0]:
            if not request.get("whole") and _is_complete(folder):
                break
            if requests.ended(wait=_POLL):
                outcome = None
                break
        else:
            text = answer.read()
            outcome = dict(json.loads(text)) if text else {"died": True}
        # Not waited for yet, so its number cannot belong to another process.
        if not outcome:
            os.kill(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
    if outcome is None:
        return None
    if outcome.pop("died", False):
        outcome["error"] = _how_it_ended(status)
    return {**outcome, "cpu": round(used.ru_utime + used.ru_stime, 3)}


def _child(request: Json, folder: Path, writer: int) -> NoReturn:
    from keras_memlint.estimate.compiler import program

    _die_with_parent()
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    (folder / "dump").mkdir()
    outcome: Json = {}
    for number, flags in enumerate(program.ATTEMPTS):
        try:
            module = program.read(Path(request["program"]))
            wanted, given = program.number_of_arguments(module), len(request.get("arguments", []))
            if given and given != wanted:
                raise program.UnusableProgramError(
                    f"the program takes {wanted} arguments, {given} are described"
                )
            dump = folder / "dump" / str(number)
            outcome = {"own": program.compile_for(module, request["description"], dump, flags)}
            break
        except program.UnusableProgramError as error:
            outcome = {"error": str(error)}
            break
        except BaseException as error:
            traceback.print_exc()
            outcome = {"error": f"the compiler refused the program: {program.first_line(error)}"}
    with suppress(OSError):
        os.write(writer, json.dumps(outcome).encode())
    os._exit(0)


def _assignment(folder: Path) -> Path | None:
    """The file that holds the scheduled program and its buffers."""
    return next((folder / "dump").glob("*/*gpu_after_optimizations.hlo.pb"), None)


def _is_complete(folder: Path) -> bool:
    """Whether the file of ``_assignment`` is written to its end: else its last field is cut off or missing."""
    from keras_memlint.estimate.compiler import hlo

    path = _assignment(folder)
    return path is not None and hlo.read(path) is not None


def _log(folder: Path) -> str:
    """The end of what the compiler said, without its remarks on the missing GPU."""
    try:
        lines = (folder / "log.txt").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    noise = ("cudart_stub", "absl::InitializeLog")
    return "\n".join([line for line in lines if not any(word in line for word in noise)][-40:])


def _how_it_ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGKILL:
            return "the compiler was killed, most likely because memory ran out"
        return f"the compiler crashed ({signal.Signals(number).name})"
    return f"the compiler ended without an answer (status {os.waitstatus_to_exitcode(status)})"


def _private_channels() -> tuple[_Requests, Any]:
    """Standard input and output for this module alone: what libraries print goes to standard error."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return _Requests(requests), os.fdopen(answers, "w", encoding="utf-8")


def _die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is gone."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


if __name__ == "__main__":
    main()
    sys.exit()
