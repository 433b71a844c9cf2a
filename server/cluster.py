"""``check --scheduler``: files checked by the workers of a Dask cluster, with the result of a check on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.text.files import UnreadableError, script_from_bytes
from keras_memlint.analysis.text.source import Source
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.executors import is_cancelled, open_executor, where, width
from keras_memlint.estimate.isolated import isolated
from keras_memlint.rules.engine import Report
from keras_memlint.server import terminal
from keras_memlint.server.errors import UserError
from keras_memlint.server.pool import WorkerDiedError
from keras_memlint.server.work import Plan, Repair, Result, Task, prepare, work

if TYPE_CHECKING:
    from keras_memlint.server.baseline import Baseline
    from keras_memlint.server.run import Spread

# A worker's process needs half a second before its first file; many files at a time would keep others idle at the end.
_LEAST, _MOST = 10, 200
_ROUNDS = 3


class Sent(NamedTuple):
    """A task on its way: the worker reads the text itself, and ``digest`` shows whether it is the same text."""

    filename: str
    path: str
    digest: bytes
    plan: Plan
    baseline: Baseline | None
    repair: Repair | None


@contextlib.contextmanager
def cluster(scheduler: str, jobs: int | None) -> Iterator[Spread]:
    """Does tasks on the workers of ``scheduler``, at most ``jobs`` bundles at a time. Raises UserError."""
    try:
        with open_executor(scheduler, warn=terminal.warn) as executor:
            yield lambda tasks: _spread(executor, tasks, jobs)
    except EstimateError as error:
        raise UserError(str(error)) from error


def _spread(
    executor: Executor, tasks: Sequence[Task], at_once: int | None
) -> Iterator[tuple[int, Result | WorkerDiedError]]:
    size = min(_MOST, max(_LEAST, len(tasks) // (_ROUNDS * width(executor))))
    waiting = iter(range(0, len(tasks), size))
    folder = Path.cwd()
    running: dict[Future[list[Result | None]], range] = {}
    while True:
        while at_once is None or len(running) < at_once:
            start = next(waiting, None)
            if start is None:
                break
            indices = range(start, min(start + size, len(tasks)))
            bundle = [_sent(tasks[index]) for index in indices]
            running[executor.submit(check_bundle, folder, bundle)] = indices
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            indices = running.pop(future)
            for index, result in zip(indices, _results(future, len(indices)), strict=True):
                yield index, WorkerDiedError() if result is None else result


def _results(future: Future[list[Result | None]], count: int) -> list[Result | None]:
    try:
        return future.result()
    except CancelledError as error:
        raise UserError("--scheduler: the scheduler was lost while files were checked") from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":
            return [None] * count
        raise


def check_bundle(folder: Path, bundle: Sequence[Sent]) -> list[Result | None]:
    """Checks files on a worker, in a process with the current folder of whoever asked; None where that died."""
    results: list[Result | None] = []
    # The process does not know for which worker it works.
    check = partial(_check, where())
    try:
        for sent, answer in zip(
            bundle, isolated(check, bundle, cwd=folder, stopped=is_cancelled), strict=True
        ):
            if answer.kind == "done":
                results.append(answer.value)
            elif answer.kind == "died":
                results.append(None)
            else:
                results.append(_failed(f"{sent.filename}: the check failed ({answer.reason}); this is a bug"))
    except OSError as error:
        reason = f"{folder}: {error.strerror}"
        results += [_unreadable(where(), sent, reason) for sent in bundle[len(results) :]]
    return results


_prepared = False


def _check(worker: str, sent: Sent) -> Result:
    global _prepared
    if not _prepared:
        prepare()
        _prepared = True
    try:
        source = script_from_bytes(Path(sent.path).read_bytes(), sent.filename).source
    except UnreadableError as error:
        return _unreadable(worker, sent, error.reason)
    except OSError as error:
        return _unreadable(worker, sent, error.strerror or str(error))
    if _digest(source) != sent.digest:
        return _unreadable(worker, sent, "it holds another text there")
    return work(Task(sent.path, source, sent.plan, sent.baseline, sent.repair))


def _sent(task: Task) -> Sent:
    return Sent(task.source.path, task.path, _digest(task.source), task.plan, task.baseline, task.repair)


def _digest(source: Source) -> bytes:
    return blake2b(source.text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _unreadable(worker: str, sent: Sent, reason: str) -> Result:
    return _failed(
        f"{sent.filename}: cannot be read by the worker {worker} ({reason}); "
        "workers must see the same files under the same paths"
    )


def _failed(problem: str) -> Result:
    return Result(Report(problems=[problem]), [], None, [])
