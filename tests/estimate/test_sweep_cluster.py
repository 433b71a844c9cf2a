"""Sweeps and checks on a real Dask scheduler with two workers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from keras_memlint.estimate import executors
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.executors import open_executor
from keras_memlint.server import cluster as checking
from keras_memlint.server.cli import main
from sweep_cases import Deadly
from sweeping import ROOT, environment, interrupt, others, rows, run, runs, start, until, write_grid

pytest.importorskip("distributed", reason="comes with the extra `test`")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells what is left behind")


@dataclass
class Cluster:
    """A scheduler on a free port of this machine, and workers of one thread each."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] | None = None

    def begin(self, *command: str) -> None:
        log = (self.folder / f"{command[0]}.log").open("ab")
        # One worker may die of a task; when a second one does too, the task is given up.
        settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *command, "--no-dashboard"],
            cwd="/",  # another folder than that of whoever gives the work
            env={**environment(self.folder), **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes = [*(self.processes or ()), process]

    def scheduler(self) -> None:
        file = self.folder / "scheduler.json"
        self.begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]

    def worker(self) -> None:
        self.begin("worker", self.address, "--nthreads", "1", "--local-directory", str(self.folder))

    def end(self) -> None:
        """At once, with what the workers have started; nobody is to say goodbye."""
        for process in self.processes or ():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.scheduler()
        cluster.worker()
        cluster.worker()
        yield cluster
    finally:
        cluster.end()


def test_every_case_is_a_row_whatever_happens(cluster: Cluster, tmp_path: Path) -> None:
    write_grid(
        tmp_path,
        'time-limit = 4\ntargets = ["t4"]',
        a="fine",
        b="raise",
        c="die",
        d="exit",
        e="fine",
        f="sleep 60",
    )
    status, err = run(tmp_path, "--scheduler", cluster.address)
    assert status == 1
    assert [(row["script"], row["status"], row["reason"]) for row in rows(tmp_path / "results.csv")] == [
        ("a.py", "done", ""),
        ("b.py", "failed", "ValueError: three"),
        ("c.py", "failed", "the process died (signal 9)"),
        ("d.py", "failed", "the process ended with status 7: no space left"),
        ("e.py", "done", ""),
        ("f.py", "failed", "took longer than 4 s and was stopped"),
    ]
    assert "warning: c.py, T4: the process died (signal 9)" in err
    assert others(tmp_path) == []


def test_case_of_a_worker_that_is_lost_is_done_by_another(cluster: Cluster, tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="wait go")
    process = start(tmp_path, "--scheduler", cluster.address)
    until(lambda: runs(tmp_path))
    os.kill(int(runs(tmp_path)[0].split()[-1]), signal.SIGKILL)
    until(lambda: len(runs(tmp_path)) == 2)
    (tmp_path / "go").touch()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "note: results.csv: 1 row\n")
    assert [row["status"] for row in rows(tmp_path / "results.csv")] == ["done"]


def test_case_that_no_worker_survives_is_a_row(cluster: Cluster, tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="kill", b="fine")
    status, _ = run(tmp_path, "--scheduler", cluster.address)
    assert status == 1
    assert [(row["script"], row["reason"]) for row in rows(tmp_path / "results.csv")] == [
        ("a.py", "the workers that were to run it died, one after the other"),
        ("b.py", ""),
    ]


def test_ctrl_c_ends_what_runs_on_the_workers(cluster: Cluster, tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="fine", b="linger", c="fine", d="fine")
    process = start(tmp_path, "--scheduler", cluster.address)
    until(lambda: others(tmp_path) and len(rows(tmp_path / "results.csv")) == 3)
    status, err = interrupt(process)
    assert (status, err) == (
        130,
        "note: results.csv: holds what was done until now; the same command goes on from there\n",
    )
    until(lambda: others(tmp_path) == [])
    (tmp_path / "b.py").write_text("# fine\n")
    status, err = run(tmp_path, "--scheduler", cluster.address)
    assert (status, err) == (0, "note: results.csv: 4 rows, 3 of them from before\n")


def test_scheduler_that_is_lost_costs_no_row(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = Cluster(tmp_path_factory.mktemp("lost"))
    try:
        cluster.scheduler()
        write_grid(tmp_path, "", a="fine", b="wait go")
        process = start(tmp_path, "--scheduler", cluster.address)
        cluster.worker()
        until(lambda: len(runs(tmp_path)) == 2 and len(rows(tmp_path / "results.csv")) == 1)
        assert cluster.processes
        cluster.processes[0].kill()
        _, err = process.communicate(timeout=40)
    finally:
        cluster.end()
    assert process.returncode == 2
    assert "the scheduler was lost" in err
    assert err.count("\n") <= 2  # perhaps that there was no worker yet
    assert [row["script"] for row in rows(tmp_path / "results.csv")] == ["a.py"]


# ------------------------------------------------------------------------------------------------------------ check


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """``check`` in this process, in a folder with the examples and some files that cannot be read."""
    monkeypatch.setenv("KERAS_MEMLINT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "pynvml", None)
    folder = tmp_path / "code"
    shutil.copytree(ROOT / "examples", folder / "examples")
    for number in range(6):
        shutil.copy(ROOT / "examples" / "pipeline.py", folder / f"copy{number}.py")
    (folder / "latin.py").write_bytes(b"import keras\nx = '\xe4'\n")
    (folder / "broken.py").write_text("import keras\ndef f(:\n")
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main(["check", *arguments])
        out, err = capfd.readouterr()
        return status, out, err

    return run


@pytest.mark.parametrize(
    "arguments",
    [("--output-format", "full", "--hints"), ("--diff", "--unsafe-fixes", "examples", "copy3.py")],
    ids=["all", "diff"],
)
def test_check_on_a_cluster_is_the_check_here(
    cluster: Cluster, check: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...]
) -> None:
    here = check(*arguments, "--no-cache")
    there = check(*arguments, "--no-cache", "--scheduler", cluster.address)
    assert there == here
    assert len(here[1]) > 500
    assert here[0] == (2 if "latin.py" in here[2] else 1)


def test_check_on_a_cluster_remembers(
    cluster: Cluster, check: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = check("--scheduler", cluster.address)
    monkeypatch.setattr(checking, "check_bundle", None)  # nothing is sent any more
    assert check("--scheduler", cluster.address) == first
    assert check() == first


def test_file_that_a_worker_cannot_see(
    cluster: Cluster, check: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = checking._sent
    monkeypatch.setattr(checking, "_sent", lambda task: whole(task)._replace(path="/nowhere/copy3.py"))
    status, _, err = check("copy3.py", "--scheduler", cluster.address)
    assert status == 2
    assert err.startswith("error: copy3.py: cannot be read by the worker tcp://127.0.0.1:")
    assert err.endswith("(No such file or directory); workers must see the same files under the same paths\n")


def test_file_that_is_another_one_at_the_worker(
    cluster: Cluster, check: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_digest", lambda source: b"other")
    status, _, err = check("copy3.py", "--scheduler", cluster.address)
    assert status == 2
    assert "(it holds another text there)" in err


def test_folder_that_a_worker_does_not_have(tmp_path: Path) -> None:
    sent = checking.Sent("a.py", "/a.py", b"", None, None, None)  # type: ignore[arg-type]
    [result] = checking.check_bundle(tmp_path / "absent", [sent])
    assert result is not None
    [problem] = result.report.problems
    assert "absent: No such file or directory" in problem


def test_file_whose_check_dies_takes_no_other_with_it(
    cluster: Cluster, check: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_LEAST", 3)
    whole = checking._sent
    monkeypatch.setattr(
        checking, "_sent", lambda task: Deadly(whole(task)) if task.source.path == "copy3.py" else whole(task)
    )
    names = [f"copy{number}.py" for number in range(6)]
    status, out, err = check(*names, "--output-format", "json", "--scheduler", cluster.address)
    assert status == 2
    assert err == "error: copy3.py: the process that checked it died, perhaps for want of memory\n"
    assert {finding["filename"] for finding in json.loads(out)} == {*names} - {"copy3.py"}


# ------------------------------------------------------------------------------------------- what is wrong with it


def said(scheduler: str) -> str:
    with pytest.raises(EstimateError) as told, open_executor(scheduler):
        pass
    return str(told.value)


@pytest.mark.parametrize(
    ("scheduler", "words"),
    [
        ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1 cannot be reached (Connection refused)"),
        ("nonsense", "`nonsense` is no address of a Dask scheduler; write tcp://HOST:8786"),
        ("tcp://127.0.0.1", "is no address of a Dask scheduler"),
        ("127.0.0.1:many", "cannot be reached"),
        ("127.0.0.1:99999", "cannot be reached"),
        ("foo://127.0.0.1:80", "unknown address scheme 'foo'"),
        ("", "`` is no address"),
    ],
)
def test_address_that_is_wrong(scheduler: str, words: str) -> None:
    assert words in said(scheduler)


def test_address_of_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        assert said(address).startswith(f"--scheduler: no Dask scheduler answers at {address} (")


def test_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "pip install 'keras-memlint[cluster]'" in said("tcp://127.0.0.1:8786")


def test_worker_with_another_version(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = executors.installed()
    monkeypatch.setattr(executors, "installed", lambda: ("9.9", ours[1]))
    assert f"has keras-memlint {ours[0]} and this is 9.9; install the same everywhere" in said(
        cluster.address
    )
    monkeypatch.setattr(executors, "installed", lambda: (ours[0], "other"))
    assert f"the code of keras-memlint {ours[0]} at the scheduler tcp://" in said(cluster.address)
    with monkeypatch.context() as only_workers:
        only_workers.setattr(executors, "_ask_scheduler", lambda _: executors.installed())
        assert f"the code of keras-memlint {ours[0]} at the worker tcp://" in said(cluster.address)


def test_scheduler_without_keras_memlint(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_ASK", "__import__('no_such_package')")
    assert said(cluster.address) == (
        f"--scheduler: the scheduler {cluster.address} has no keras-memlint that can be used "
        f"(No module named 'no_such_package'); install keras-memlint {executors.installed()[0]} in its environment"
    )


def test_worker_that_joins_later_with_another_version(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_check", lambda *_: None)
    monkeypatch.setattr(executors, "installed", lambda: ("9.9", ""))
    with open_executor(cluster.address) as executor:
        future = executor.submit(abs, -1)
        with pytest.raises(EstimateError, match=r"has keras-memlint .* and this is 9\.9"):
            future.result(10)


@pytest.mark.parametrize("arguments", [("-",), ("--watch",)])
def test_check_that_no_cluster_can_do(
    check: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...]
) -> None:
    status, _, err = check(*arguments, "--scheduler", "tcp://127.0.0.1:1")
    assert status == 2
    assert "--scheduler is for files that are checked once" in err


def test_check_without_a_scheduler_at_the_address(check: Callable[..., tuple[int, str, str]]) -> None:
    check()
    status, out, err = check("--scheduler", "tcp://127.0.0.1:1")
    assert (status, out) == (2, "")
    assert "cannot be reached (Connection refused)" in err
