"""Work on many files at once, in processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

# A process that is forked costs little; one that is started has to import the parser again.
_FORKS = sys.platform == "linux"
_TASKS_EACH = 4
_MOST = 32
_WORTH_A_POOL = 8 if _FORKS else 40


class WorkerDiedError(Exception):
    """A process ended in the middle of its work (out of memory, or killed)."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_parallel(
    work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int | None, prepare: Callable[[], None]
) -> Iterator[tuple[int, Result | WorkerDiedError]]:
    """The result of ``work`` for each task with the task's index, in the order in which they are ready.

    ``jobs`` is the number of processes, None for as many as have enough to do. Few tasks are done in this process.
    ``prepare`` is called once before any work, in this process when the others are forks of it, else in each of them.
    """
    if not tasks:
        return
    wanted = min(jobs, len(tasks)) if jobs else min(cores(), _MOST, len(tasks) // _TASKS_EACH)
    if wanted < 2 or len(tasks) < _WORTH_A_POOL:
        prepare()
        for index, task in enumerate(tasks):
            yield index, work(task)
        return
    if _FORKS:
        prepare()
    yield from _pooled(work, tasks, wanted, _ignore_interrupts if _FORKS else partial(_start, prepare))


def _pooled(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int, start: Callable[[], None]
) -> Iterator[tuple[int, Result | WorkerDiedError]]:
    lost = []
    for index, result in _round(work, tasks, range(len(tasks)), processes, start):
        if isinstance(result, WorkerDiedError):
            lost.append(index)
        else:
            yield index, result
    # A pool breaks as a whole. One process for each of what is left tells who was to blame.
    for index in lost:
        yield from _round(work, tasks, [index], 1, start)


def _round(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    indices: Iterable[int],
    processes: int,
    start: Callable[[], None],
) -> Iterator[tuple[int, Result | WorkerDiedError]]:
    import multiprocessing
    from concurrent.futures import Future, ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    context: Any = multiprocessing.get_context("fork" if _FORKS else "spawn")
    futures: dict[Future[Result], int] = {}
    pool = ProcessPoolExecutor(processes, context, initializer=start)
    try:
        for index in indices:
            try:
                futures[pool.submit(work, tasks[index])] = index
            except BrokenProcessPool:
                yield index, WorkerDiedError()
        for future in as_completed(futures):
            index = futures.pop(future)
            try:
                yield index, future.result()
            except BrokenProcessPool:
                yield index, WorkerDiedError()
    finally:
        # Not by `with`: that would wait for everything that is still to be done when somebody presses Ctrl-C.
        pool.shutdown(cancel_futures=True)


def _start(prepare: Callable[[], None]) -> None:
    _ignore_interrupts()
    prepare()


def _ignore_interrupts() -> None:
    # Ctrl-C reaches the whole process group; the parent answers it.
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
