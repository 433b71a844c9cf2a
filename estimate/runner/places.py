"""Whose code a frame runs: the user's, a library's or the runner's."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from types import FrameType, TracebackType
from typing import Iterator

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LIBRARIES = tuple(
    os.path.join(os.path.abspath(path), "")
    for key in ("stdlib", "platstdlib", "purelib", "platlib")
    for path in [sysconfig.get_path(key)]
    if path
)

_NOT_THEIRS = ("site-packages", "dist-packages", "__autograph_generated_file")


def is_own(file: str) -> bool:
    """Whether it is a file of the runner."""
    return file.startswith(_OWN) or file == os.path.join(_OWN, "__main__.py")


def is_users(file: str) -> bool:
    """Whether it is the user's: no library, nothing that Python made up."""
    if file.startswith("<") or any(part in file for part in _NOT_THEIRS):
        return False
    full = os.path.abspath(file)
    return not is_own(full) and not full.startswith(_LIBRARIES) and os.path.exists(full)


def frames(frame: FrameType | None = None) -> Iterator[FrameType]:
    """The frames of this thread, innermost first."""
    frame = frame or sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def user_frame() -> FrameType | None:
    """The innermost frame of the user's code."""
    return next((frame for frame in frames(sys._getframe(1)) if is_users(frame.f_code.co_filename)), None)


def user_place(trace: TracebackType | None) -> str:
    """``file:line`` of the innermost of the user's frames in a traceback; empty without one."""
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if is_users(file):
            place = f"{os.path.abspath(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def shown(error: BaseException) -> str:
    """An error with its traceback and those of its causes, as the user would see it without the runner."""
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    waiting: list[traceback.TracebackException | None] = [report]
    while waiting:
        one = waiting.pop()
        if one is not None:
            one.stack[:] = [frame for frame in one.stack if not _is_hidden(frame.filename)]
            waiting += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]
    return "".join(report.format())


def _is_hidden(file: str) -> bool:
    """Whether Python would show no such frame: it leaves out its own of an import, too, unless others stand between them."""
    return file.startswith("<frozen importlib") or is_own(os.path.abspath(file))
