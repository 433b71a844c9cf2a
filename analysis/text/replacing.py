"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def replace_file(target: Path, data: bytes, finish: Callable[[Path], None] | None = None) -> None:
    """Puts a new file of ``data`` in the place of ``target``. Raises OSError, and then all is as it was.

    ``finish`` is given the new file before it gets its name, and may raise too.
    """
    handle, name = tempfile.mkstemp(prefix=".keras-memlint-", dir=target.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if finish is not None:
                finish(made)
            file.flush()
            os.fsync(file.fileno())
        made.replace(target)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
