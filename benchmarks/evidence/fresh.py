"""Runs a few lines in a fresh Python process, for facts that depend on import order or on errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor


def outcome(code: str, environment: Mapping[str, str] | None = None) -> str:
    """The last line the code printed or, when it failed, `ErrorType: message` without file names."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 0:
        return last_line(done.stdout)
    errors = [line for line in done.stderr.splitlines() if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return re.sub(r" \(/[^)]*\)", "", (errors or [last_line(done.stderr)])[-1])


def outcomes(codes: Mapping[str, str]) -> dict[str, str]:
    """`outcome` of every named piece of code, two processes at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(codes, pool.map(outcome, codes.values()), strict=True))


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def error_of(function: Callable[[], object]) -> str:
    """`ErrorType: first line of the message` that a call raises, or `no error`."""
    try:
        function()
    except Exception as error:
        message = str(error).strip().splitlines()
        return f"{type(error).__name__}: {message[0] if message else ''}"
    return "no error"
