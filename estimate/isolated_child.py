"""The other side of ``isolated``: does one item after the other, and ends when nobody waits any more."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import threading
import time
from typing import IO, Any

from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.isolated import GRACE_SECONDS, MARK, end_marked


def main(stream: IO[bytes]) -> None:
    """Reads a folder for temporary files, a function and its items from ``stream``, and writes a frame for each item
    to standard output."""
    answers = os.fdopen(os.dup(1), "wb")
    # What the function prints is no answer, and what it reads is not ours.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    folder, function, items = pickle.load(stream)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_end_with_the_other, args=(stream, folder), daemon=True).start()
    try:
        for item in items:
            frame = _answer(function, item)
            answers.write(len(frame).to_bytes(8, "little") + frame)
            answers.flush()
    except (KeyboardInterrupt, BrokenPipeError):
        _tidy(folder)
    # Threads that the function left behind keep nobody waiting.
    sys.stderr.flush()
    os._exit(0)


def _answer(function: Any, item: Any) -> bytes:
    try:
        return pickle.dumps(("done", function(item)))
    except EstimateError as error:
        return pickle.dumps(("raised", str(error)))
    except Exception as error:
        return pickle.dumps(("raised", f"{type(error).__name__}: {error}"))


def _tidy(folder: str) -> None:
    """Does what the other side does at the end, should it be gone."""
    end_marked(os.environ.get(MARK, ""), spare=os.getpid())
    shutil.rmtree(folder, ignore_errors=True)


def _end_with_the_other(stream: IO[bytes], folder: str) -> None:
    """Waits until the other side is gone or closes: then the function is interrupted, as by Ctrl-C, and has a little
    time to clean up."""
    stream.read()
    os.kill(os.getpid(), signal.SIGTERM)
    # The other side, when it is still there, waits a little longer than this.
    time.sleep(GRACE_SECONDS * 0.8)
    _tidy(folder)
    os.kill(os.getpid(), signal.SIGKILL)
