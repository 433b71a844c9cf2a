"""The user's files stay as they were: what the script would overwrite or remove with Python's own means is not touched.

Why not simply refuse all writing, with an audit hook: a refusal is an exception in the middle of the script, and scripts
prepare data. They download and unpack archives, write vocabularies and tables, and read them back with native code that
knows nothing of a copy made elsewhere. So

- a file that was there before the run is opened for writing as a private copy in the runner's folder, and read from
  there afterwards; in that way a log or a table of results is neither cut off nor lengthened;
- removing, moving or replacing such a file or folder does nothing, and is counted; a moved file is there as a copy;
- new files are written, since what follows may need them, and named in the answer; empty new folders are removed again;
- temporary folders and the caches of frameworks are left alone, so downloads work and are kept.

Writing by native code (``tf.io``, HDF5) and by other processes is not seen here; the savers of frameworks are in ``quiet``.
"""

from __future__ import annotations

import builtins
import functools
import io
import os
import shutil
import tempfile
from typing import Any, Callable

from .run import Run

_LARGEST_COPY = 256 * 1024 * 1024
_CACHES = ("~/.cache", "~/.keras", "~/tensorflow_datasets", "~/Library/Caches", "~/AppData/Local")
_CACHE_VARIABLES = (
    "XDG_CACHE_HOME",
    "KERAS_HOME",
    "HF_HOME",
    "TFDS_DATA_DIR",
    "TORCH_HOME",
    "TFHUB_CACHE_DIR",
)


class Keeper:
    """Knows which files are the user's, which the run has made, and where the copies are."""

    def __init__(self, run: Run) -> None:
        self._run = run
        home = os.path.dirname(os.path.abspath(run.asked.script)) if run.asked.script else run.asked.cwd
        self._own = (_folder(run.asked.cwd), _folder(home))
        caches = [os.environ[name] for name in _CACHE_VARIABLES if os.environ.get(name)]
        open_to_all = [run.asked.out, tempfile.gettempdir(), os.devnull, "/dev", "/proc", *_CACHES, *caches]
        self._free = tuple(_folder(path) for path in open_to_all)
        self._out = _folder(run.asked.out)
        self._copies: dict[str, str] = {}
        self._made: set[str] = set()
        self._folders: list[str] = []
        self._gone: set[str] = set()
        self.written: list[str] = []

    def is_free(self, path: str) -> bool:
        """Whether anything may be written there."""
        inside = path + os.sep
        if inside.startswith(self._out):
            return True
        return not inside.startswith(self._own) and inside.startswith(self._free)

    def is_users(self, path: str) -> bool:
        """Whether it was there before the run."""
        return (
            not self.is_free(path)
            and path not in self._made
            and os.path.lexists(path)
            and not _within(path, self._made)
        )

    def place(self, path: str, mode: str) -> str:
        """Where a file is really opened."""
        full = os.path.abspath(path)
        if full in self._copies:
            return self._copies[full]
        if not any(letter in mode for letter in "wax+") or self.is_free(full):
            return path
        if not os.path.lexists(full):
            self._made.add(full)
            if len(self.written) < 20:
                self.written.append(full)
            return path
        if not self.is_users(full) or not os.path.isfile(full) or "x" in mode:
            return path
        if "w" not in mode and os.path.getsize(full) > _LARGEST_COPY:
            return path
        self._run.blocks("overwriting files")
        copy = os.path.join(self._out, f"copy{len(self._copies)}-{os.path.basename(full)}")
        if "w" not in mode:
            shutil.copyfile(full, copy)
        self._copies[full] = copy
        return copy

    def keeps(self, path: Any) -> bool:
        """Whether something must not be removed; counts it."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        full = os.path.abspath(os.fsdecode(path))
        copy = self._copies.get(full)
        if copy is None and not self.is_users(full):
            return False
        self._gone.add(full)
        self._run.blocks("removing files")
        return True

    def made_folder(self, path: Any) -> None:
        """The script has made a folder."""
        full = os.path.abspath(os.fsdecode(path))
        if not self.is_free(full):
            self._made.add(full)
            self._folders.append(full)

    def was_removed(self, path: Any) -> bool:
        """Whether the script believes to have removed it."""
        return os.path.abspath(os.fsdecode(path)) in self._gone

    def tidy(self) -> None:
        """Removes the new folders that are empty."""
        for folder in reversed(self._folders):
            try:
                _RMDIR(folder)
            except OSError:
                pass


_RMDIR = os.rmdir


def install(run: Run) -> Keeper:
    """Stands between the script and Python's functions for files."""
    keeper = Keeper(run)
    plain = io.open

    @functools.wraps(plain)
    def kept_open(file: Any, mode: Any = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, (str, bytes, os.PathLike)) and isinstance(mode, str) and run.is_script_process:
            path = keeper.place(os.fsdecode(file), mode)
            return plain(path, mode, *arguments, **options)
        return plain(file, mode, *arguments, **options)

    builtins.open = io.open = kept_open
    for home, name in ((os, "remove"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"), (os, "truncate")):
        setattr(home, name, _unless_kept(keeper, getattr(home, name), 0))
    for name in ("rename", "replace"):
        setattr(os, name, _move(keeper, getattr(os, name)))
    os.mkdir = _mkdir(keeper, os.mkdir)
    return keeper


def _unless_kept(keeper: Keeper, original: Callable[..., Any], victim: int) -> Callable[..., Any]:
    """``original``, unless the argument that is lost by it is the user's."""

    @functools.wraps(original)
    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) > victim and options.get("dir_fd") is None and keeper.keeps(arguments[victim]):
            return None
        return original(*arguments, **options)

    return call


def _move(keeper: Keeper, original: Callable[..., Any]) -> Callable[..., Any]:
    """``original``, unless it would take the user's file away from either place."""

    @functools.wraps(original)
    def move(source: Any, target: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("src_dir_fd") is not None or options.get("dst_dir_fd") is not None:
            return original(source, target, *arguments, **options)
        # Both are asked before anything is done: neither counts twice.
        if keeper.keeps(target):
            return None
        full = os.path.abspath(os.fsdecode(source))
        here = keeper.place(full, "r")
        if here == full and not keeper.is_users(full):
            return original(source, target, *arguments, **options)
        keeper.keeps(source)
        if os.path.isfile(here) and os.path.getsize(here) <= _LARGEST_COPY:
            with open(target, "wb"):
                pass  # a new file of the run's from now on
            shutil.copyfile(here, target)
        return None

    return move


def _mkdir(keeper: Keeper, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def mkdir(path: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(path, (str, bytes, os.PathLike)) and options.get("dir_fd") is None:
            if keeper.was_removed(path):
                return None
            result = original(path, *arguments, **options)
            keeper.made_folder(path)
            return result
        return original(path, *arguments, **options)

    return mkdir


def _folder(path: str) -> str:
    return os.path.join(os.path.abspath(os.path.expanduser(path)), "")


def _within(path: str, folders: set[str]) -> bool:
    """Whether one of the folders holds the path."""
    above = os.path.dirname(path)
    while above not in folders:
        path, above = above, os.path.dirname(above)
        if path == above:
            return False
    return True
