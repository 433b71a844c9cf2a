"""Old findings that stay hidden: ``--baseline FILE``.

A finding is known by its rule, its file (relative to the baseline's folder) and the text of its line, so it stays
hidden when it moves, and a second one on an equal line is new.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.server.errors import UserError
from keras_memlint.server.formats.places import line_text

_VERSION = 1


class Baseline:
    """The findings that a baseline file holds, by path: rule and line, as often as they were written."""

    def __init__(self, file: Path, known: dict[str, Counter[tuple[str, str]]]) -> None:
        self._folder = file.absolute().parent
        self._known = known

    @staticmethod
    def load(file: Path) -> Baseline:
        """Raises FileNotFoundError, and UserError when the file cannot be read or is no baseline."""
        import json

        try:
            data = json.loads(file.read_bytes())
            if data["version"] != _VERSION:
                raise ValueError(f"its version is {data['version']}, this program writes {_VERSION}")
            known: dict[str, Counter[tuple[str, str]]] = {}
            for finding in data["findings"]:
                of_file = known.setdefault(_text(finding["path"]), Counter())
                of_file[_text(finding["code"]), _text(finding["line"])] += 1
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UserError(f"{file}: the baseline cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UserError(
                f"{file}: is no baseline ({error or 'unknown form'}); remove it and the next run writes a new one"
            ) from error
        return Baseline(file, known)

    def new(self, path: str, source: Source, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Those of a file's findings that the baseline does not hold. ``path`` is absolute."""
        left = Counter(self._known.get(_relative(self._folder, path)))
        fresh = []
        for diagnostic in diagnostics:
            key = diagnostic.code, _line(source, diagnostic)
            if left[key] > 0:
                left[key] -= 1
            else:
                fresh.append(diagnostic)
        return fresh


def write(file: Path, findings: Iterable[tuple[str, Source, Diagnostic]]) -> int:
    """Writes a baseline of findings, each with its file's absolute path; their number. Raises UserError."""
    import json

    folder = file.absolute().parent
    entries = sorted(
        (_relative(folder, path), diagnostic.code, _line(source, diagnostic))
        for path, source, diagnostic in findings
    )
    data = {
        "version": _VERSION,
        "findings": [{"path": path, "code": code, "line": line} for path, code, line in entries],
    }
    try:
        _write_whole(file, json.dumps(data, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"{file}: the baseline cannot be written: {error.strerror}") from error
    return len(entries)


def _write_whole(file: Path, text: str) -> None:
    """Writes all of ``text`` or nothing: half a baseline would stop every later run."""
    target = Path(os.path.realpath(file))
    made = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        made.write_text(text, encoding="utf-8")
        made.replace(target)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise


def _relative(folder: Path, path: str) -> str:
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # on another drive
        return path


def _line(source: Source, diagnostic: Diagnostic) -> str:
    return (line_text(source, diagnostic.location.row, diagnostic.cell) or "").strip()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"`{value}` is no text")
    return value
