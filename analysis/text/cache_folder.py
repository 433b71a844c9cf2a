"""Where the program keeps what it remembers between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def folder() -> Path:
    """``KERAS_MEMLINT_CACHE_DIR``, else a folder of our own in the user's cache folder. May raise RuntimeError."""
    chosen = os.environ.get("KERAS_MEMLINT_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return (
            Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
            / "keras-memlint"
            / "Cache"
        )
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "keras-memlint"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keras-memlint"
