"""The set-ups printed in docs/editors, and a ``keras-memlint`` in the PATH for editors that run them."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

_PAGES = Path(__file__).parents[2] / "docs" / "editors"
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def blocks(page: str, language: str, heading: str | None = None) -> list[str]:
    """The code blocks of a page in ``language``: all of them, or those below one heading (``##``)."""
    text = (_PAGES / page).read_text(encoding="utf-8")
    if heading is not None:
        parts = _HEADING.split(text)
        text = parts[parts.index(heading) + 1]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(page: str, language: str, *, having: str) -> str:
    """The first code block of a page that contains ``having``."""
    return next(text for text in blocks(page, language) if having in text)


def environment(folder: Path, *server: str) -> dict[str, str]:
    """Variables with which an editor finds a ``keras-memlint`` whose ``server`` is the Python program ``server``.

    The editor's own files, and what it remembers, go to ``folder``.
    """
    programs = folder / "bin"
    programs.mkdir()
    command = programs / "keras-memlint"
    command.write_text(
        f'#!/bin/sh\nshift\nexec {shlex.join([sys.executable, *server])} "$@"\n', encoding="utf-8"
    )
    command.chmod(0o755)
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    return {**os.environ, **dict.fromkeys(homes, str(folder)), "LC_ALL": "C.UTF-8", "PATH": path}
