"""When analysis happens: in one thread, on the last version of a text only, and not while somebody types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from keras_memlint.server.lsp.documents import Documents, Unit, key

T = TypeVar("T")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Job(Generic[Result]):
    unit: Unit
    generation: int
    future: asyncio.Future[Result | None]


class Analyser(Generic[Result]):
    """The result of ``work`` for each open document or notebook, computed once per version.

    ``work`` runs in the worker thread. It must not raise.
    """

    def __init__(self, documents: Documents, work: Callable[[Unit], Result]) -> None:
        self._documents = documents
        self._work = work
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        self._jobs: dict[str, _Job[Result]] = {}
        self._generation = 0

    async def in_worker(self, act: Callable[[], T]) -> T:
        """What ``act`` returns, after everything that is waiting for the worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, act)

    async def of(self, unit: Unit) -> Result | None:
        """The result for exactly ``unit``; None when it is no longer the last version."""
        name = key(unit.uri)
        job = self._jobs.get(name)
        if job is None or job.unit is not unit or job.generation != self._generation:
            if self._documents.unit(unit.uri) is not unit:
                return None
            job = self._start(unit)
        # Several requests may wait for one job; one of them being cancelled must not stop it.
        result = await asyncio.shield(job.future)
        current = self._jobs.get(name) is job and self._documents.unit(unit.uri) is unit
        return result if current else None

    async def latest(self, uri: str) -> tuple[Unit, Result] | None:
        """The last version of ``uri`` with its result, however often it changes meanwhile; None once it is closed."""
        while (unit := self._documents.unit(uri)) is not None:
            result = await self.of(unit)
            if result is not None:
                return unit, result
        return None

    def known(self, uri: str) -> Result | None:
        """The last result for ``uri`` as far as there is one, be it out of date."""
        job = self._jobs.get(key(uri))
        if job is None or not job.future.done() or job.future.cancelled():
            return None
        return job.future.result()

    def forget(self, uri: str) -> None:
        """Drops the result of a document or notebook that was closed."""
        self._jobs.pop(key(uri), None)

    def forget_all(self) -> None:
        """Makes every result out of date: settings or other files changed."""
        self._generation += 1

    def stop(self) -> None:
        """Drops what waits for the worker thread."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _start(self, unit: Unit) -> _Job[Result]:
        def run() -> Result | None:
            return self._work(unit) if self._documents.unit(unit.uri) is unit else None

        future = asyncio.get_running_loop().run_in_executor(self._worker, run)
        job = _Job(unit, self._generation, future)
        self._jobs[key(unit.uri)] = job
        return job


class Debounce:
    """Calls ``act`` with a URI once nothing was asked about it for ``delay`` seconds."""

    def __init__(self, delay: float, act: Callable[[str], None]) -> None:
        self._delay = delay
        self._act = act
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def later(self, uri: str) -> None:
        """Acts after the delay; a delay that already runs starts again."""
        self.drop(uri)
        name = key(uri)

        def fire() -> None:
            self._timers.pop(name, None)
            self._act(uri)

        self._timers[name] = asyncio.get_running_loop().call_later(self._delay, fire)

    def now(self, uri: str) -> None:
        """Acts at once, in place of a delay that runs."""
        self.drop(uri)
        self._act(uri)

    def drop(self, uri: str) -> None:
        """Forgets a delay that runs."""
        timer = self._timers.pop(key(uri), None)
        if timer is not None:
            timer.cancel()

    async def quiet(self, uri: str) -> None:
        """Waits while a delay runs for ``uri``."""
        while (timer := self._timers.get(key(uri))) is not None:
            await asyncio.sleep(max(timer.when() - asyncio.get_running_loop().time(), 0))
