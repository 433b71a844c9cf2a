"""Resident memory of this process, in bytes."""

from __future__ import annotations

import sys


def resident() -> int:
    """What is resident now; 0 where the system does not tell."""
    return _status("VmRSS") if sys.platform == "linux" else _elsewhere(peak=False)


def resident_peak() -> int:
    """The most that was resident so far; 0 where the system does not tell."""
    return _status("VmHWM") if sys.platform == "linux" else _elsewhere(peak=True)


def _status(key: str) -> int:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0


def _elsewhere(*, peak: bool) -> int:
    if sys.platform == "win32":
        return _windows(peak=peak)
    try:
        import resource
    except ImportError:
        return 0
    size: int = resource.getrusage(
        resource.RUSAGE_SELF
    ).ru_maxrss  # The peak: there is nothing nearer on macOS.
    return size if sys.platform == "darwin" else size * 1024


def _windows(*, peak: bool) -> int:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = [("cb", wintypes.DWORD), ("PageFaultCount", wintypes.DWORD)] + [
            (name, ctypes.c_size_t) for name in ("Peak", "Now", "a", "b", "c", "d", "e", "f")
        ]

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    kernel: object = getattr(ctypes, "windll").kernel32  # noqa: B009 -- exists on Windows only
    process = kernel.GetCurrentProcess()  # type: ignore[attr-defined]
    kernel.K32GetProcessMemoryInfo(wintypes.HANDLE(process), ctypes.byref(counters), counters.cb)  # type: ignore[attr-defined]
    return int(counters.Peak if peak else counters.Now)
