"""``--watch``: the check again after every change, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from keras_memlint.server import terminal
from keras_memlint.server.discovery import SUFFIXES
from keras_memlint.server.errors import UserError


def watch(paths: Sequence[str], check: Callable[[], int]) -> int:
    """Never ends by itself: Ctrl-C raises KeyboardInterrupt. Raises UserError without the package for it."""
    try:
        from watchfiles import watch as changes
    except ImportError as error:
        raise UserError(
            "--watch needs the package watchfiles; install it with: pip install watchfiles"
        ) from error
    absolute = [Path(path).absolute() for path in paths]
    whole = {path for path in absolute if path.is_dir()}
    named = {path for path in absolute if path not in whole}
    # Editors replace a file rather than write into it, which a watch on the file itself would not survive.
    folders = whole | {path.parent for path in named}
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if missing:
        raise UserError(f"{missing[0]}: no such folder, so there is nothing to watch")

    def matters(_: object, path: str) -> bool:
        name = Path(path)
        if name.name == "pyproject.toml":
            return True
        return name in named or (name.suffix in SUFFIXES and any(folder in name.parents for folder in whole))

    _again(check)
    for _ in changes(*folders, watch_filter=matters, step=100):
        if sys.stdout.isatty():
            print("\033[2J\033[H", end="")
        _again(check)
    return 0


def _again(check: Callable[[], int]) -> None:
    try:
        check()
    except UserError as error:
        terminal.complain(str(error))
    sys.stdout.flush()
