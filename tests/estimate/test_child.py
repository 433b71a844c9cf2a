"""A child's messages, its end, and that nothing of it is left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from keras_memlint.estimate.child import Child

ECHO = """
import json, sys
print("no JSON, so not a message", flush=True)
for line in sys.stdin:
    print(json.dumps({"heard": json.loads(line)}), flush=True)
"""
GRANDCHILD = """
import json, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(json.dumps({"grandchild": child.pid}), flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("{}", flush=True)
time.sleep(600)
"""


def start(code: str, tmp_path: Path) -> Child:
    return Child(
        [sys.executable, "-c", code], cwd=tmp_path, environment=os.environ, errors=tmp_path / "errors"
    )


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


def test_messages_both_ways(tmp_path: Path) -> None:
    child = start(ECHO, tmp_path)
    try:
        assert child.send({"say": "päth"})
        assert child.receive(20) == {"heard": {"say": "päth"}}
        with pytest.raises(TimeoutError):
            child.receive(0.1)
    finally:
        child.kill()
    assert not child.send({"say": "nobody is there"})


def test_end_is_seen_more_than_once(tmp_path: Path) -> None:
    child = start("import sys; sys.exit(7)", tmp_path)
    assert child.receive(20) is None
    assert child.receive(0) is None
    assert child.status == 7
    child.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX")
def test_grandchildren_go_too(tmp_path: Path) -> None:
    child = start(GRANDCHILD, tmp_path)
    message = child.receive(20)
    assert message is not None
    assert alive(message["grandchild"])
    child.kill()
    assert gone(message["grandchild"])
    assert gone(child.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX")
def test_child_that_ignores_the_polite_signal(tmp_path: Path) -> None:
    child = start(STUBBORN, tmp_path)
    assert child.receive(20) == {}
    child.kill()
    assert gone(child.pid)
    assert child.status == -9


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the memory of a process")
def test_resident_memory_is_watched(tmp_path: Path) -> None:
    child = start(
        "import time; data = b'x' * (200 << 20); print('{}', flush=True); time.sleep(600)", tmp_path
    )
    try:
        assert child.receive(30) == {}
        until = time.monotonic() + 10
        while child.resident_peak < 200 << 20 and time.monotonic() < until:
            time.sleep(0.05)
        assert 200 << 20 <= child.resident_peak < 300 << 20
    finally:
        child.kill()
