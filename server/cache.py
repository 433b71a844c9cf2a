"""What earlier runs found, kept in one small database in the user's cache folder.

A cache is an economy, never a reason to fail: what cannot be read is forgotten, what is damaged is made anew, and
where nothing can be written everything is analysed again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_memlint import __version__
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.cache_folder import folder
from keras_memlint.rules.diagnostic import Diagnostic

if TYPE_CHECKING:
    import sqlite3

    from keras_memlint.rules.engine import Report

_LAYOUT = 1
_KEPT_SECONDS = 30 * 24 * 3600
_HASHED_BYTES = 1 << 20
_NAMES = 2000
_TABLES = f"""
CREATE TABLE IF NOT EXISTS findings_{_LAYOUT}
    (place BLOB PRIMARY KEY, state BLOB, value TEXT, stored INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stored_{_LAYOUT} ON findings_{_LAYOUT} (stored);
CREATE TABLE IF NOT EXISTS facts_{_LAYOUT} (name TEXT PRIMARY KEY, value TEXT, stored INTEGER) WITHOUT ROWID;
"""


class Entry:
    """The address of one result: ``place`` is what it is about, ``state`` what it was computed from."""

    __slots__ = ("place", "state")

    def __init__(self, filename: str, content: bytes, codes: Iterable[str], settings: Settings) -> None:
        # Findings hold file names as they were typed, so the current folder is part of the place.
        question = (str(Path.cwd()), filename, sorted(codes), settings)
        self.place = _digest(repr(question).encode("utf-8", "backslashreplace"))
        self.state = _digest(program().encode(), content)


class Cache:
    """The database. Every method answers as if nothing was stored when something is wrong with it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._states = _States()
        self._connection: sqlite3.Connection | None = None

    @staticmethod
    def of_user() -> Cache:
        """The cache of this user; one that remembers nothing when there is no place for it."""
        try:
            return Cache(folder() / "findings.db")
        except RuntimeError:  # no home folder
            return Cache(None)

    def findings(self, entry: Entry) -> list[Diagnostic] | None:
        """The stored findings, before suppressions; None when there is none or when anything it was computed from has changed."""
        rows = self._run(
            lambda db: db.execute(
                f"SELECT value FROM findings_{_LAYOUT} WHERE place = ? AND state = ?",
                (entry.place, entry.state),
            ).fetchall()
        )
        return _decode(rows[0][0], self._states) if rows else None

    def store(self, reports: Iterable[tuple[Entry, Report]]) -> None:
        """Keeps results. Those with problems are not: the next run has to say them again."""
        now = int(time.time())
        rows = [
            (entry.place, entry.state, _encode(report, self._states), now)
            for entry, report in reports
            if not report.problems
        ]
        if not rows:
            return

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany(f"INSERT OR REPLACE INTO findings_{_LAYOUT} VALUES (?, ?, ?, ?)", rows)
                db.execute(f"DELETE FROM findings_{_LAYOUT} WHERE stored < ?", (now - _KEPT_SECONDS,))

        self._run(write)

    def fact(self, name: str, max_age: int) -> Any:
        """A remembered fact (plain JSON) that is at most ``max_age`` seconds old, else None."""
        rows = self._run(
            lambda db: db.execute(
                f"SELECT value FROM facts_{_LAYOUT} WHERE name = ? AND stored >= ?",
                (name, int(time.time()) - max_age),
            ).fetchall()
        )
        if not rows:
            return None
        import json

        try:
            return json.loads(rows[0][0])
        except (ValueError, TypeError):
            return None

    def remember(self, name: str, value: Any) -> None:
        """Keeps a fact, which is plain JSON."""
        import json

        row = (name, json.dumps(value), int(time.time()))

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.execute(f"INSERT OR REPLACE INTO facts_{_LAYOUT} VALUES (?, ?, ?)", row)

        self._run(write)

    def close(self) -> None:
        """Lets go of the file, so that other processes may be started; the next use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, act: Callable[[sqlite3.Connection], Any]) -> Any:
        if self._path is None:
            return None
        import sqlite3

        for attempt in (1, 2):
            try:
                return act(self._open(self._path))
            except (sqlite3.OperationalError, OSError):  # locked for too long, read-only, no such folder
                return None
            except sqlite3.DatabaseError:  # not a database, or a damaged one
                self.close()
                if attempt == 1:
                    with contextlib.suppress(OSError):
                        self._path.unlink()
        self._path = None
        return None

    def _open(self, path: Path) -> sqlite3.Connection:
        import sqlite3

        if self._connection is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5)
            # Losing it in a power failure is no loss; waiting for the disk would be.
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(_TABLES)
        return self._connection


def program() -> str:
    """What computes the findings: this version, its own files and the Python that runs them."""
    global _program
    if _program is None:
        top = Path(__file__).parent.parent
        stats = (
            (entry.path, entry.stat().st_mtime_ns, entry.stat().st_size)
            for part in ("analysis", "fixes", "rules")
            for entry in _files(top / part)
        )
        _program = f"{__version__} {sys.version_info[:2]} {_digest(repr(sorted(stats)).encode()).hex()}"
    return _program


_program: str | None = None


def _files(top: Path) -> Iterable[os.DirEntry[str]]:
    with os.scandir(top) as entries:
        for entry in entries:
            if entry.is_dir():
                if entry.name != "__pycache__":
                    yield from _files(Path(entry.path))
            else:
                yield entry


def _digest(*parts: bytes) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


class _States:
    """What files and folders look like now, each looked at once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, path: str) -> str:
        if path not in self._known:
            self._known[path] = state_of(path)
        return self._known[path]


def state_of(path: str) -> str:
    """What a file or folder looks like now; empty when absent.

    A file is its content when small, else its size and time. A folder is the names in it, its time when they are many.
    """
    try:
        file = Path(path)
        stat = file.stat()
        if file.is_dir():
            with os.scandir(file) as entries:
                names = sorted(entry.name for entry in islice(entries, _NAMES))
            return f"{stat.st_mtime_ns}" if len(names) == _NAMES else _digest(repr(names).encode()).hex()
        if stat.st_size > _HASHED_BYTES:
            return f"{stat.st_size} {stat.st_mtime_ns}"
        return _digest(file.read_bytes()).hex()
    except (OSError, ValueError):
        return ""


def _encode(report: Report, states: _States) -> str:
    # Most files are clean and stand alone. For them neither reading nor writing needs the JSON module.
    if not report.diagnostics and not report.used_files:
        return ""
    import json

    used = {path: states.of(path) for path in map(os.path.abspath, report.used_files)}
    return json.dumps([[diagnostic.to_json() for diagnostic in report.diagnostics], used])


def _decode(value: object, states: _States) -> list[Diagnostic] | None:
    if value == "":
        return []
    import json

    try:
        diagnostics, used = json.loads(value)  # type: ignore[arg-type]
        if any(states.of(path) != state for path, state in used.items()):
            return None
        return [Diagnostic.from_json(item) for item in diagnostics]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
