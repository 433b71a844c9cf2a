"""A process and all that it starts: put into one group, and told or ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_TASKKILL_SECONDS = 10.0


def own_group() -> dict[str, Any]:
    """What starts a process in a group of its own, for ``subprocess.Popen`` and asyncio."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def tell_group(pid: int, number: int) -> None:
    """Sends a signal to the group that ``pid`` was started in; it outlives ``pid`` as long as a descendant lives.

    Windows has no signals: there ``pid`` and its descendants end at once, and ``pid`` must not have ended before.
    """
    if sys.platform == "win32":
        end_tree(pid)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_tree(pid: int) -> None:
    """Windows' way to end a process with its descendants; the process alone where that fails. Never raises."""
    # By its path: Windows looks for a bare name in the current folder first, which may be the user's.
    taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
    try:
        done = subprocess.run(
            [taskkill, "/F", "/T", "/PID", str(pid)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TASKKILL_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        ended = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        ended = False
    if not ended:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
