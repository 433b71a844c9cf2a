"""Standard output and standard error: what may be coloured, how odd characters get through, who sees progress."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

_PATIENCE_SECONDS = 1.0


def prepare() -> None:
    """Makes both streams able to carry any text: file names that are no text come out as the bytes they are."""
    # A stream that was closed before we started is None.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    codecs.register_error("keras-memlint", _as_bytes_or_escaped)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="keras-memlint")


def _as_bytes_or_escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    for name in ("surrogateescape", "backslashreplace"):
        with contextlib.suppress(UnicodeError):
            return codecs.lookup_error(name)(error)
    raise error


def give_up_output() -> None:
    """Lets what is still buffered go nowhere: flushing it at exit would fail, and be complained about, once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def colour(stream: TextIO) -> bool:
    """Whether ``stream`` shows colours: a terminal that is not dumb, and nobody set NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def complain(message: str) -> None:
    """One line on standard error about what could not be done."""
    _say("error", "31", message)


def warn(message: str) -> None:
    """One line on standard error about what may not be as it was meant."""
    _say("warning", "33", message)


def note(message: str) -> None:
    """One line on standard error about what was done beside the output."""
    _say("note", "36", message)


def _say(kind: str, code: str, message: str) -> None:
    label = f"\033[1;{code}m{kind}\033[0m" if colour(sys.stderr) else kind
    # A message is one line whatever its file is called.
    print(f"{label}: {' '.join(message.splitlines())}", file=sys.stderr)


@contextlib.contextmanager
def progress(doing: str = "checking") -> Iterator[Callable[[int, int], None] | None]:
    """A function that shows how many of how many are done, once it takes long. None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        show: Callable[[int, int], None] | None = None

        def advance(done: int, total: int) -> None:
            nonlocal show
            if show is None and done < total and time.monotonic() - started > _PATIENCE_SECONDS:
                show = _bar(stack, doing)
            if show is not None:
                show(done, total)

        yield advance


def _bar(stack: contextlib.ExitStack, doing: str) -> Callable[[int, int], None]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn())
    bar = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = bar.add_task("")
    return lambda done, total: bar.update(task, completed=done, total=total)
