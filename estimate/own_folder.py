"""A folder for temporary files that stays under no interruption."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folder() -> Iterator[Path]:
    """Makes a new folder that only this user can read, and removes it with all that is in it. Raises OSError.

    The name is known before the folder is made: ``tempfile.mkdtemp``, interrupted just after, leaves what nobody
    knows of.
    """
    folder = Path(tempfile.gettempdir(), f"keras-memlint-{uuid.uuid4().hex}")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
