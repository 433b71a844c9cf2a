"""Wheels of other platforms, from pip, kept in a folder for the next build."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)


class DownloadError(Exception):
    """Its text says what could not be had."""


PURE = ["--platform", "any", "--abi", "none", "--implementation", "py"]
"""pip's options for wheels in Python alone."""


def for_platform(platforms: Sequence[str], python: str) -> list[str]:
    """pip's options for wheels for CPython ``python``, such as 3.10, on any of ``platforms``."""
    options = [word for platform in platforms for word in ("--platform", platform)]
    return [*options, "--implementation", "cp", "--python-version", python]


def pure(lock: Path, folder: Path) -> list[Path]:
    """The wheels in Python alone that ``lock`` names, in ``folder``."""
    return _wheels(lock, folder, PURE, len(_PINNED.findall(lock.read_text(encoding="utf-8"))))


def native(lock: Path, folder: Path, platforms: Sequence[str], python: str) -> Path:
    """The wheel of the library in ``lock`` for CPython ``python``, in a folder of its own in ``folder``."""
    [wheel] = _wheels(lock, folder / python, for_platform(platforms, python), 1)
    return wheel


def pip(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs pip with this Python."""
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", command, *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def _wheels(lock: Path, folder: Path, options: Sequence[str], wanted: int) -> list[Path]:
    allowed = set(_HASH.findall(lock.read_text(encoding="utf-8")))
    found = _allowed(folder, allowed)
    if len(found) == wanted:
        return found
    how = ["-q", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    ran = pip("download", *how, *options, "-r", str(lock), "-d", str(folder))
    if ran.returncode:
        raise DownloadError(f"pip found not all of {lock.name} for {' '.join(options)}\n{ran.stderr}")
    found = _allowed(folder, allowed)
    if len(found) != wanted:
        raise DownloadError(f"{folder} holds {len(found)} wheels of {lock.name} instead of {wanted}")
    return found


def _allowed(folder: Path, hashes: set[str]) -> list[Path]:
    """Wheels of an older lock may lie beside."""
    wheels = sorted(folder.glob("*.whl"))
    return [wheel for wheel in wheels if hashlib.sha256(wheel.read_bytes()).hexdigest() in hashes]
