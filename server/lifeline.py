"""Programs that start this one may be killed: the end of standard input tells that they are gone."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading

from keras_memlint.server.errors import UserError

_SECONDS = 30.0
"""How long what runs may take to end all that it started."""


def end_with_input() -> None:
    """From now on the end of standard input is a SIGTERM for the main thread, which must handle that.

    Nothing else reads standard input any more. Raises UserError when there is none.
    """
    try:
        # On Windows a program that is started waits for whoever reads the input that it inherits.
        line = os.dup(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
    except OSError:
        raise UserError("--end-with-input: there is no standard input") from None
    threading.Thread(target=_follow, args=(line,), daemon=True).start()


def _follow(line: int) -> None:
    try:
        while os.read(line, 1 << 12):
            pass
    except OSError:
        pass
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        # Only a signal to the main thread itself wakes it from a call of the system.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    threading.Event().wait(_SECONDS)
    os._exit(1)
