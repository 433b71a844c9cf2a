"""The table of a sweep: a row for each case and GPU, in a file that is whole at any moment."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from types import TracebackType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from keras_memlint.estimate.errors import EstimateError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; its fields are the columns. Sizes in bytes. None is an empty field.

    First what was asked: ``case`` is its key, ``arguments`` as a shell would be given them, ``batch_size`` and
    ``policy`` None where the script's own was left, ``target`` None for the GPU of the machine. Then ``status``, with
    the ``reason`` when it is ``failed``. Then what was found: ``used_batch_size`` and the like are the script's.
    ``what_if_saved`` is JSON, bytes saved by change; ``seconds`` is what the run took, for all of its targets.
    """

    case: str
    script: str
    script_hash: str
    arguments: str
    batch_size: int | None
    policy: str | None
    target: str | None
    python: str | None
    steps: int
    what_if: str | None
    status: str
    reason: str | None = None
    tier: str | None = None
    route: str | None = None
    fits: str | None = None
    program_peak_low: int | None = None
    program_peak: int | None = None
    program_peak_high: int | None = None
    device_total_low: int | None = None
    device_total: int | None = None
    device_total_high: int | None = None
    device_memory: int | None = None
    largest_batch: int | None = None
    largest_batch_confirmed: bool | None = None
    host_peak: int | None = None
    cpu_allocator_peak: int | None = None
    parameters: int | None = None
    gradients: int | None = None
    optimizer_slots: int | None = None
    activations: int | None = None
    inputs: int | None = None
    workspace: int | None = None
    used_batch_size: int | None = None
    used_policy: str | None = None
    optimizer: str | None = None
    backend: str | None = None
    what_if_saved: str | None = None
    seconds: float | None = None
    version: str | None = None


_KINDS: Mapping[str, type] = {
    name: next(option for option in get_args(hint) if option is not type(None))
    if get_origin(hint) is UnionType
    else hint
    for name, hint in get_type_hints(Row).items()
}
_NEVER_NONE = frozenset(name for name, hint in get_type_hints(Row).items() if hint is str)
COLUMNS = tuple(field.name for field in fields(Row))


class Table:
    """The rows in ``file``, to which others are added.

    A row is one line, written in one go and at once on the disk: what a crash leaves behind is cut off at the last line's
    end. A ``.parquet`` file cannot grow, so the rows go into ``NAME.parquet.rows.csv`` beside it, and become the file
    when the sweep ends. Every method raises EstimateError when the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._parquet = _pyarrow(file) if file.suffix.lower() == ".parquet" else None
        self._journal = file if self._parquet is None else file.with_name(file.name + ".rows.csv")
        if self._parquet is not None and file.exists():
            _read_parquet(self._parquet, file)  # a file of another kind is not replaced at the end
        if not file.absolute().parent.is_dir():
            raise EstimateError(f"{file}: there is no folder {file.parent}")
        if self._journal.exists() and not self._journal.is_file():
            raise EstimateError(f"{file}: is no file that can hold a table")
        try:
            self._handle = _open_locked(self._journal)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self.rows = {row.case: row for row in self._read()}
        except BaseException:
            os.close(self._handle)
            raise

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._handle)

    def keep(self, cases: Iterable[str]) -> None:
        """Drops all rows but those of ``cases``, and makes the file ready for more."""
        kept = set(cases)
        self.rows = {key: row for key, row in self.rows.items() if key in kept}
        self._rewrite(list(self.rows.values()))

    def add(self, row: Row) -> None:
        """Adds a row; once this is over it is not lost."""
        self.rows[row.case] = row
        self._write(self._handle, _line(row))

    def finish(self, order: Sequence[str]) -> None:
        """Puts the rows into ``order``, others behind them, and into the file that was asked for."""
        places = {key: place for place, key in enumerate(order)}
        rows = sorted(self.rows.values(), key=lambda row: places.get(row.case, len(places)))
        if self._parquet is None:
            self._rewrite(rows)
            return
        temporary = self.file.with_name(self.file.name + ".part")
        try:
            _write_parquet(self._parquet, temporary, rows)
            temporary.replace(self.file)
            self._journal.unlink()
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _read(self) -> list[Row]:
        text = self._journal.read_bytes()
        if not text and self._parquet is not None and self.file.exists():
            return _read_parquet(self._parquet, self.file)
        return _parse(self._journal, text[: text.rfind(b"\n") + 1])

    def _rewrite(self, rows: Iterable[Row]) -> None:
        """Replaces the journal in one go, and goes on with the new one."""
        temporary = self._journal.with_name(self._journal.name + ".part")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
            try:
                _lock(handle)
                self._write(handle, _header() + b"".join(map(_line, rows)))
                # Windows replaces no file that is open.
                if sys.platform == "win32":
                    os.close(handle)
                    os.close(self._handle)
                temporary.replace(self._journal)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.close(handle)
                temporary.unlink(missing_ok=True)
                raise
            if sys.platform == "win32":
                handle = os.open(self._journal, os.O_RDWR | os.O_APPEND)
            else:
                os.close(self._handle)
            self._handle = handle
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self, handle: int, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(handle, content) :]
            os.fsync(handle)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> EstimateError:
        return EstimateError(f"{self.file}: cannot be written: {error.strerror or error}")


def _open_locked(file: Path) -> int:
    """Opens ``file`` for reading and adding, made when absent, for this process alone."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            _lock(handle)
            # Whoever had it may just have put another file in its place.
            if sys.platform == "win32" or _same(handle, file):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise EstimateError(
                f"{file}: another sweep is writing to it; wait, or name another file"
            ) from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(handle: int) -> None:
    """Raises BlockingIOError when another process has the lock. Nobody locks on Windows, where readers would suffer."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            pass


def _same(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


def _header() -> bytes:
    return _csv(COLUMNS)


def _line(row: Row) -> bytes:
    return _csv(_to_text(getattr(row, name)) for name in COLUMNS)


def _csv(values: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _to_text(value: object) -> str:
    """One line, whatever it is: the end of a row is the end of a line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split()) if isinstance(value, str) else str(value)


def _parse(file: Path, text: bytes) -> list[Row]:
    if not text:
        return []
    try:
        header, *lines = csv.reader(text.decode("utf-8").splitlines())
        if tuple(header) != COLUMNS:
            raise ValueError
        return [_row(dict(zip(COLUMNS, line, strict=True))) for line in lines]
    except (ValueError, csv.Error) as error:
        raise _foreign(file) from error


def _row(texts: Mapping[str, str]) -> Row:
    return Row(**{name: _value(name, text) for name, text in texts.items()})


def _value(name: str, text: str) -> Any:
    kind = _KINDS[name]
    if not text and name not in _NEVER_NONE:
        return None
    return text == "yes" if kind is bool else kind(text)


def _foreign(file: Path) -> EstimateError:
    return EstimateError(
        f"{file}: is not the table of a sweep of this version; name another file, or move it away"
    )


def _pyarrow(file: Path) -> Any:
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise EstimateError(
            f"{file}: a Parquet file needs the package pyarrow; install it with: "
            "pip install 'keras-memlint[parquet]', or name a .csv file"
        ) from error


def _schema(pyarrow: Any) -> Any:
    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    return pyarrow.schema([(name, types[_KINDS[name]]) for name in COLUMNS])


def _write_parquet(pyarrow: Any, file: Path, rows: Sequence[Row]) -> None:
    columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    pyarrow.parquet.write_table(pyarrow.table(columns, schema=_schema(pyarrow)), str(file))


def _read_parquet(pyarrow: Any, file: Path) -> list[Row]:
    try:
        table = pyarrow.parquet.read_table(str(file))
        if tuple(table.column_names) != COLUMNS:
            raise _foreign(file)
        return [Row(**row) for row in table.to_pylist()]
    except (pyarrow.ArrowException, OSError) as error:
        raise _foreign(file) from error
