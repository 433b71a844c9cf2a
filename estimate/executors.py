"""Where work is done: in processes of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from keras_memlint import __version__
from keras_memlint.estimate.errors import EstimateError

T = TypeVar("T")

CONNECT_SECONDS = 10
_PORT = 8786
_CASE_BYTES = 8 << 30
_CODE = ("analysis", "estimate", "fixes", "rules", "server")
# `eval` travels by its name, so that it says something even where Python or keras-memlint is another one.
_ASK = "__import__('keras_memlint.estimate.executors', fromlist=['installed']).installed()"


@contextlib.contextmanager
def open_executor(
    scheduler: str | None, jobs: int | None = None, *, warn: Callable[[str], None] = lambda _: None
) -> Iterator[Executor]:
    """Does work on the cluster of ``scheduler``, else on this machine with ``jobs`` tasks at a time.

    A task that needs a process of its own makes one (``isolated``); it ends when ``is_cancelled`` says that nobody waits
    for it. On leaving, what is not done is cancelled. Raises EstimateError when the cluster cannot be used.
    """
    if scheduler is None:
        with _Threads(jobs or default_jobs()) as threads:
            yield threads
        return
    client = _connect(scheduler)
    try:
        _check(client, scheduler, warn)
        yield _Cluster(client)
    finally:
        _close(client)


def default_jobs() -> int:
    """How many trainings this machine can go through at once: each wants two cores and a lot of memory."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        memory = _CASE_BYTES
    return max(1, min(cores // 2, memory // _CASE_BYTES))


def width(executor: Executor) -> int:
    """How many tasks ``executor`` does at a time, at least 1."""
    return executor.width() if isinstance(executor, _Threads | _Cluster) else 1


def is_cancelled() -> bool:
    """Whether nobody waits any more for the task that this thread does."""
    event = getattr(_this_thread, "stopping", None)
    if event is not None:
        return bool(event.is_set())
    return "distributed.worker" in sys.modules and _is_cancelled_in_cluster()


def where() -> str:
    """The address of the worker that this is, for messages; empty outside a cluster."""
    if "distributed.worker" not in sys.modules:
        return ""
    try:
        return str(import_module("distributed").get_worker().address)
    except ValueError:
        return ""


@cache
def installed() -> tuple[str, str]:
    """The version of this installation, and a digest of its code: checkouts of one version may differ."""
    top = Path(__file__).parent.parent
    digest = blake2b(digest_size=8)
    for path in sorted(path for part in _CODE for path in (top / part).rglob("*.py")):
        digest.update(path.relative_to(top).as_posix().encode() + b"\0" + path.read_bytes())
    return __version__, digest.hexdigest()


_this_thread = threading.local()


class _Threads(ThreadPoolExecutor):
    """Threads, each of which waits for a process of its own."""

    def __init__(self, jobs: int) -> None:
        self._jobs: int = jobs
        self._stopping = threading.Event()
        super().__init__(jobs, "keras-memlint", self._start)

    def width(self) -> int:
        return self._jobs

    def _start(self) -> None:
        _this_thread.stopping = self._stopping

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.shutdown(cancel_futures=True)


class _Cluster(Executor):
    """The workers of a cluster. A worker that is lost is replaced by another, which does its tasks once more."""

    def __init__(self, client: Any) -> None:
        # Not `pure`: the same case asked for once more is not answered with what came of it before.
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._installed = installed()

    def submit(self, function: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        future: Future[T] = self._executor.submit(
            _as_installed, self._installed, function, *arguments, **named
        )
        return future

    def width(self) -> int:
        return max(1, int(sum(self._client.nthreads().values())))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._executor.shutdown(wait=wait and not cancel_futures)


def _as_installed(expected: tuple[str, str], function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Does a task on a worker, which may have joined after the workers were asked what they run."""
    if expected != installed():
        raise EstimateError(_difference(f"worker {where()}", installed(), expected))
    return function(*arguments, **named)


def _difference(who: str, theirs: tuple[str, str], ours: tuple[str, str]) -> str:
    if theirs[0] != ours[0]:
        return f"the {who} has keras-memlint {theirs[0]} and this is {ours[0]}; install the same everywhere"
    return (
        f"the code of keras-memlint {ours[0]} at the {who} is not the one here; install the same everywhere"
    )


def _connect(scheduler: str) -> Any:
    try:
        distributed = import_module("distributed")
    except ImportError as error:
        raise EstimateError(
            "--scheduler needs the package distributed; install it with: pip install 'keras-memlint[cluster]'"
        ) from error
    if ":" not in scheduler.rpartition("/")[2]:
        raise EstimateError(
            f"--scheduler: `{scheduler}` is no address of a Dask scheduler; write tcp://HOST:{_PORT}"
        )
    _knock(scheduler)
    # What it says while it fails is said in our words.
    for name in ["distributed", *logging.root.manager.loggerDict]:
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)
    # Where something else listens and keeps silent, Dask would wait for ever.
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_greet, args=(distributed, scheduler, answers), daemon=True).start()
    try:
        client = answers.get(timeout=CONNECT_SECONDS + 1)
    except queue.Empty:
        client = TimeoutError(f"nothing came within {CONNECT_SECONDS} s")
    if isinstance(client, Exception):
        raise EstimateError(
            f"--scheduler: no Dask scheduler answers at {scheduler} ({_brief(client)}); "
            "is it running, and may this machine reach it?"
        ) from client
    return client


def _greet(distributed: Any, scheduler: str, answers: queue.SimpleQueue[Any]) -> None:
    """Puts a client into ``answers``, or the error why there is none."""
    client = distributed.Client.__new__(distributed.Client)
    try:
        client.__init__(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        answers.put(client)
    except Exception as error:
        client.status = "closed"  # else it would try to say goodbye, for twice as long
        answers.put(error)


def _knock(scheduler: str) -> None:
    """Raises EstimateError when nobody listens, which Dask would find out only after all of its time."""
    scheme, found, rest = scheduler.rpartition("://")
    if found and scheme not in ("tcp", "tls"):
        return
    host, _, port = rest.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise EstimateError(
            f"--scheduler: {scheduler} cannot be reached ({_brief(error)}); "
            "is the scheduler running, and is its address right?"
        ) from error


def _check(client: Any, scheduler: str, warn: Callable[[str], None]) -> None:
    """Raises EstimateError when the scheduler, which reads every task, or a worker does not run the code of this
    process."""
    _compare(f"scheduler {scheduler}", _ask_scheduler(client))
    answers = client.run(eval, _ASK, on_error="return")
    if not answers:
        warn(f"the scheduler at {scheduler} has no worker yet; waiting for one")
    for worker, answer in sorted(answers.items()):
        _compare(f"worker {worker}", answer)


def _ask_scheduler(client: Any) -> Any:
    try:
        return client.run_on_scheduler(eval, _ASK)
    except Exception as error:
        return error


def _compare(who: str, answer: Any) -> None:
    ours = installed()
    if isinstance(answer, ImportError):
        raise EstimateError(
            f"--scheduler: the {who} has no keras-memlint that can be used ({answer}); "
            f"install keras-memlint {ours[0]} in its environment"
        )
    if isinstance(answer, Exception):
        raise EstimateError(f"--scheduler: the {who} does not answer ({_brief(answer)})") from answer
    if tuple(answer) != ours:
        raise EstimateError(f"--scheduler: {_difference(who, tuple(answer), ours)}")


def _close(client: Any) -> None:
    # Futures that are given up are cancelled, and their tasks hear of it. A scheduler that is gone needs no goodbye.
    with contextlib.suppress(Exception):
        client.close(timeout=CONNECT_SECONDS)


def _is_cancelled_in_cluster() -> bool:
    distributed = import_module("distributed")
    try:
        worker = distributed.get_worker()
        task = worker.state.tasks.get(worker.get_current_task())
    except (ValueError, AttributeError):  # no task of a cluster, or a version without this
        return False
    return task is None or task.state == "cancelled"


def _brief(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().rstrip(".")
