"""Changed scripts back to disk: whole or not at all, and nothing about the file changes but its text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from keras_memlint.analysis.text.files import FileText
from keras_memlint.analysis.text.replacing import replace_file
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.notebook_text import rewrite_cells


class UnwritableError(Exception):
    """A script that cannot be written. ``reason`` continues a sentence that starts with ``path``."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def write_script(path: Path, old: FileText, new: Source) -> bool:
    """Makes ``new`` the text of the file ``path``, which ``old`` was read from; whether anything had to change.

    The target of a link is written, the link stays. Raises UnwritableError, and then the file is as it was.
    """
    data = new_bytes(old, new)
    if data == old.raw:
        return False
    shown = old.source.path
    target = Path(os.path.realpath(path))
    try:
        found = target.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UnwritableError(shown, "is not a file that can be replaced")
        # To the superuser every file is writable: what its mode says counts.
        if not found.st_mode & 0o222 or not os.access(target, os.W_OK):
            raise UnwritableError(shown, "is read-only")
        if target.read_bytes() != old.raw:
            raise UnwritableError(shown, "was changed by someone else meanwhile; check it again")
        _replace(target, data, found, shown)
    except OSError as error:
        raise UnwritableError(shown, f"cannot be written: {(error.strerror or str(error)).lower()}") from None
    return True


def new_bytes(old: FileText, new: Source) -> bytes:
    """The bytes of a file that was ``old`` and holds ``new`` now. Raises UnwritableError.

    Encoding, byte order mark and line endings stay, and all of a notebook but the changed source lines.
    """
    shown = old.source.path
    if new.text == old.source.text:
        return old.raw
    before = old.text
    text = new.text
    if old.cells is not None:
        text = rewrite_cells(
            before, old.cells, {cell.index: new.text[cell.start : cell.end] for cell in new.cells}
        )
    try:
        if before.encode(old.encoding) != old.raw[len(old.bom) :]:
            raise UnwritableError(shown, f"cannot be written as {old.encoding} without changing other places")
        return old.bom + text.encode(old.encoding)
    except UnicodeEncodeError as error:
        raise UnwritableError(
            shown, f"cannot be written as {old.encoding}, which has no {error.object[error.start]!r}"
        ) from None


def _replace(target: Path, data: bytes, like: os.stat_result, shown: str) -> None:
    """Puts a new file with owner and mode of the old one in its place."""

    def as_before(made: Path) -> None:
        _copy_owner(made, like, shown)
        made.chmod(stat.S_IMODE(like.st_mode))

    replace_file(target, data, as_before)


def _copy_owner(made: Path, like: os.stat_result, shown: str) -> None:
    own = made.stat()
    if (own.st_uid, own.st_gid) == (like.st_uid, like.st_gid) or not hasattr(os, "chown"):
        return
    try:
        os.chown(made, like.st_uid, like.st_gid)
    except PermissionError:
        raise UnwritableError(shown, "belongs to someone else, which a new file could not") from None
