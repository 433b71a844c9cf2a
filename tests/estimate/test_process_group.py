"""A process is ended with all that it started; Windows' way too, with a script in the place of its program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keras_memlint.estimate.process_group import end_tree, own_group, tell_group

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts stand in for programs of Windows")
SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEPS, **own_group()) as process:
        yield process
        process.kill()


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_a_group_is_told_and_one_that_is_gone_is_no_error(sleeper: subprocess.Popen[bytes]) -> None:
    tell_group(sleeper.pid, signal.SIGTERM)
    assert sleeper.wait(20) == -signal.SIGTERM
    tell_group(sleeper.pid, signal.SIGTERM)


def test_windows_own_taskkill_is_used(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    for name in ("taskkill", "taskkill.exe"):
        program(here / name, f"touch {tmp_path}/wrong")
    program(tmp_path / "System32" / "taskkill.exe", f'echo "$@" > {tmp_path}/said; kill -9 $4')
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    end_tree(sleeper.pid)
    assert sleeper.wait(20) == -signal.SIGKILL
    assert (tmp_path / "said").read_text() == f"/F /T /PID {sleeper.pid}\n"
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize("taskkill", [None, "exit 1"], ids=["missing", "failing"])
def test_without_taskkill_the_process_alone_is_ended(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taskkill: str | None
) -> None:
    if taskkill is not None:
        program(tmp_path / "System32" / "taskkill.exe", taskkill)
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    end_tree(sleeper.pid)
    assert sleeper.wait(20) == -signal.SIGTERM
    end_tree(sleeper.pid)
