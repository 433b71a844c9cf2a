"""The project's own files: those that git knows, so that nothing that merely lies about is packed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

_NOT_OURS = (".*", "__pycache__", "build", "dist", "node_modules", "*.egg-info")
"""Names of what arises in a checkout; for a tree that git knows nothing of."""


def files(root: Path) -> list[str]:
    """Paths below ``root`` with slashes, sorted. What is tracked, and there; without git, such as in a source archive, all."""
    found = _tracked(root)
    return sorted(_walked(root) if found is None else found)


def copy(root: Path, names: list[str], folder: Path) -> None:
    """The files as they are now, with what is not committed yet. Folders are made."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, folder / name)


def plain_modes(folder: Path) -> None:
    """Gives all in ``folder`` the permissions that it has whatever the umask was and whatever the checkout has."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _tracked(root: Path) -> list[str] | None:
    """None where git does not say."""
    if not (root / ".git").exists():
        return None
    try:
        ran = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
        problem = ran.stderr.decode(errors="replace").strip()
    except OSError as error:
        problem = str(error)
    else:
        if ran.returncode == 0:
            return [name for name in os.fsdecode(ran.stdout).split("\0") if (root / name).is_file()]
    print(f"git does not list the files, so all that are there are taken: {problem}", file=sys.stderr)
    return None


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _left_out(name)]
        for name in names:
            if not _left_out(name):
                yield Path(folder, name).relative_to(root).as_posix()


def _left_out(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _NOT_OURS)
