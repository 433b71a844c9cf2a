"""What an interruption, by Ctrl-C or by a supervisor, must not catch half done: else something is left that nobody knows of."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def own_folder() -> Iterator[Path]:
    """Makes a new folder that only this user can read, and removes it with all that is in it. Raises OSError.

    The name is known before the folder is made: ``tempfile.mkdtemp``, interrupted just after, leaves what nobody
    knows of.
    """
    folder = Path(tempfile.gettempdir(), f"keras-memlint-{uuid.uuid4().hex}")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Meanwhile interruptions wait: a process that is being started would run on. Keep what is in it short.

    Signals are not blocked, for a process that is started then would have them blocked for ever.
    """
    waiting: list[tuple[signal.Signals, Any]] = []
    handlers: dict[signal.Signals, Callable[[int, Any], object]] = {}
    if threading.current_thread() is threading.main_thread():  # no other is interrupted
        for number in _INTERRUPTIONS:
            handler = signal.getsignal(number)
            if callable(handler):  # else it is ignored, or ends this process at once
                handlers[number] = handler
    for number in handlers:
        signal.signal(number, lambda came, frame: waiting.append((signal.Signals(came), frame)))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number, frame in waiting:
            handlers[number](number, frame)
