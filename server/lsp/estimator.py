"""The process that makes an estimate: started, listened to, and ended with all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_memlint
from keras_memlint.estimate.process_group import own_group, tell_group

_PACKAGE = Path(keras_memlint.__file__).absolute()
# Like `python -m keras_memlint`, but without the current folder among the places of modules: it is the user's, who may
# well have an `argparse.py` there. Inside an editor the server runs from a folder that came with it: there the same
# package must be found, not another one that this Python happens to have.
_BOOT = f"""\
import sys
from importlib.util import find_spec
sys.path[:] = [place for place in sys.path if place]
found = find_spec("keras_memlint")
if found is None or found.origin != {str(_PACKAGE)!r}:
    sys.path.insert(0, {str(_PACKAGE.parent.parent)!r})
from keras_memlint.server.cli import main
sys.exit(main())
"""
ESTIMATOR = (sys.executable, *(["-I"] if sys.flags.isolated else []), "-c", _BOOT, "estimate")
"""The command that makes an estimate; a script and options follow."""

# How long a process may take to clean up after itself, in seconds. It ends others itself, one after the other.
_GRACE = 6.0
_LONGEST_LINE = 1 << 20
# `estimate` ends with 1 when the script does not fit: an estimate all the same.
_MADE = (0, 1)


class EstimatorError(Exception):
    """There is no estimate. Its text is one sentence for people."""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far it is. ``percentage`` of the whole, None when that is not known."""

    message: str
    percentage: int | None


async def run(
    command: Sequence[str], cwd: str, report: Callable[[Stage], None], log: Callable[[str], None]
) -> dict[str, Any]:
    """The JSON object that ``command`` prints. Raises EstimatorError with its complaint when it fails.

    Whoever cancels this ends the process, and waits until it is gone, however often it is cancelled meanwhile.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            # Nothing is written there: it ends when this process does, however that ends.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
            limit=_LONGEST_LINE,
            **own_group(),
        )
    except OSError as error:
        raise EstimatorError(f"the estimate cannot be started: {error}") from None
    said: list[str] = []
    assert process.stdout is not None and process.stderr is not None
    output = asyncio.ensure_future(process.stdout.read())
    errors = asyncio.ensure_future(_follow(process.stderr, report, said))
    try:
        status = await process.wait()
        # A process it left behind could hold the pipes open.
        await asyncio.wait((output, errors), timeout=_GRACE)
    finally:
        await _undisturbed(_end(process))
        output.cancel()
        errors.cancel()
    for line in said:
        log(line)
    if status not in _MADE:
        raise EstimatorError(_complaint(said) or f"the estimate ended with status {status}")
    try:
        found = json.loads(output.result())
    except (ValueError, asyncio.CancelledError, asyncio.InvalidStateError):
        found = None
    if not isinstance(found, dict):
        raise EstimatorError(_complaint(said) or "no estimate was printed; this is a bug")
    return found


async def _follow(stream: asyncio.StreamReader, report: Callable[[Stage], None], said: list[str]) -> None:
    """Hands on how far the estimate is, a JSON object a line, and collects the other lines."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than anything that is meant for people
            continue
        if not line:
            return
        text = line.decode("utf-8", "replace").rstrip()
        stage = _stage(text)
        if stage is not None:
            report(stage)
        elif text:
            said.append(text)


def _stage(text: str) -> Stage | None:
    """One line of progress; None for any other line."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("stage"), str):
        return None
    fraction = found.get("fraction")
    percentage = round(min(max(fraction, 0), 1) * 100) if isinstance(fraction, int | float) else None
    parts = (found["stage"], found.get("detail"))
    return Stage(": ".join(part for part in parts if isinstance(part, str) and part), percentage)


def _complaint(said: Sequence[str]) -> str:
    """The sentence in what the estimator said that is for people."""
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    return errors[-1] if errors else said[-1] if said else ""


async def _undisturbed(work: Coroutine[Any, Any, None]) -> None:
    """Does ``work`` to its end; who cancelled meanwhile gets their CancelledError then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends what is left of the process and its group: it may clean up, then it must go."""
    if process.returncode is None:
        await _signal(process, signal.SIGTERM)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
    await _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    await process.wait()


async def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    if sys.platform == "win32":
        if process.returncode is None:
            await asyncio.to_thread(tell_group, process.pid, number)
        return
    tell_group(process.pid, number)
