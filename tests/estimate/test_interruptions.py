"""An interruption waits, and a folder of one's own is removed, whenever it is left."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from keras_memlint.estimate.interruptions import own_folder, uninterrupted


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_there_while_it_is_used(temporary: Path) -> None:
    with own_folder() as folder:
        assert folder.parent == temporary
        (folder / "of the user's").write_text("x")
    assert list(temporary.iterdir()) == []


def test_interrupted_while_it_is_made(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Path.mkdir

    def interrupted(path: Path, **options: int) -> None:
        make(path, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), own_folder():
        pass
    assert list(temporary.iterdir()) == []


@contextmanager
def interrupted_by(handler: Callable[..., object] | signal.Handlers) -> Iterator[None]:
    """What a process in the background inherits is to ignore it."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interruption_waits() -> None:
    done = []
    with interrupted_by(signal.default_int_handler):
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("started")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert done == ["started"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_what_is_ignored_stays_ignored() -> None:
    with interrupted_by(signal.SIG_IGN):
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
