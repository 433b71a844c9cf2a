"""Work in several processes: same results, no lost file, no hang."""

from __future__ import annotations

import os
import signal

import pytest
from keras_memlint.server import pool
from keras_memlint.server.pool import WorkerDiedError, in_parallel

_ready = 0


def prepare() -> None:
    global _ready
    _ready = 7


def square(number: int) -> tuple[int, int, int]:
    return number * number, _ready, os.getpid()


def dies_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def raises_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


@pytest.mark.parametrize("jobs", [1, 2, 3, None])
def test_every_task_once_and_prepared(jobs: int | None) -> None:
    results = dict(in_parallel(square, range(20), jobs, prepare))
    assert sorted(results) == list(range(20))
    for number, result in results.items():
        assert not isinstance(result, WorkerDiedError)
        assert result[:2] == (number * number, 7)


def test_few_tasks_stay_in_this_process() -> None:
    for _, result in in_parallel(square, range(2), 8, prepare):
        assert not isinstance(result, WorkerDiedError)
        assert result[2] == os.getpid()


def test_many_tasks_do_not() -> None:
    processes = {
        result[2] for _, result in in_parallel(square, range(200), 2, prepare) if isinstance(result, tuple)
    }
    assert os.getpid() not in processes


def test_nothing_to_do_prepares_nothing() -> None:
    def never() -> None:
        raise AssertionError

    assert list(in_parallel(square, [], None, never)) == []


def test_process_that_dies_takes_only_its_task() -> None:
    results = dict(in_parallel(dies_at_three, range(12), 2, prepare))
    assert [number for number, result in results.items() if isinstance(result, WorkerDiedError)] == [3]
    assert sorted(results) == list(range(12))


def test_error_reaches_the_caller() -> None:
    with pytest.raises(ValueError, match="three"):
        list(in_parallel(raises_at_three, range(12), 2, prepare))


def test_processes_that_are_started_are_prepared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    # As on systems without fork; the functions must be importable there, so the ones of a real module are used.
    monkeypatch.setattr(pool, "_FORKS", False)
    monkeypatch.setattr(pool, "_WORTH_A_POOL", 2)
    assert dict(in_parallel(abs, [-1, 2, -3], 2, pool._ignore_interrupts)) == {0: 1, 1: 2, 2: 3}
