"""How far a long command is: a bar on a terminal, a line for each stage in a log, lines of JSON for programs, or nothing."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

from keras_memlint.analysis.text.printable import one_line
from keras_memlint.estimate.progress import Progress, Stage, silent


@contextlib.contextmanager
def shown(kind: str) -> Iterator[Progress]:
    """``kind``: ``json``, ``none``, or ``auto`` for a bar where standard error is a terminal, and lines where it is not."""
    if kind == "json":
        yield _json
    elif kind == "auto" and sys.stderr.isatty():
        with _bar() as advance:
            yield advance
    else:
        yield _lines() if kind == "auto" else silent


def _lines() -> Progress:
    """A line when a stage begins, with the seconds up to there: a step may take minutes, and a log is to show what does.

    The steps of a training are one stage.
    """
    began, last = time.monotonic(), ""

    def tell(stage: Stage) -> None:
        nonlocal last
        text = one_line(stage.stage if stage.stage == "training" else f"{stage.stage} {stage.detail}".strip())
        if text != last:
            last = text
            print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    return tell


def _json(stage: Stage) -> None:
    print(json.dumps(asdict(stage)), file=sys.stderr, flush=True)


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def advance(stage: Stage) -> None:
            done = max(stage.fraction, bar.tasks[0].completed)
            bar.update(task, completed=done, description=f"{stage.stage} {stage.detail}".strip())

        yield advance
