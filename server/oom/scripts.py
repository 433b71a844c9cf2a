"""The scripts that a log is about: which of the files it names are here, and what the rules and the analysis say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.script import Script, analyse
from keras_memlint.analysis.text.files import UnreadableError, read_script
from keras_memlint.analysis.text.source import Place, Source
from keras_memlint.rules.diagnostic import Diagnostic
from keras_memlint.rules.engine import check_source
from keras_memlint.server.configuration import Configurations
from keras_memlint.server.discovery import SUFFIXES, Found
from keras_memlint.server.errors import UserError
from keras_memlint.server.findings import judge
from keras_memlint.server.measurements import Measurements
from keras_memlint.server.oom.failure import Frame
from keras_memlint.server.run import Plans

_MOST = 4
"""Files of a traceback that are analysed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One script with its findings, hints too, in order of position."""

    script: Script
    findings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A row of a script that the log names. ``changed``: another text stands there now, so ``at`` is None."""

    filename: str
    row: int
    at: Place | None
    changed: bool = False


def named_script(filename: str, frames: Iterable[Frame]) -> tuple[list[Source], Named | None]:
    """The script that was typed, and the last row of it that the log shows. Raises UserError."""
    source = _read(filename)
    rows = [_row(source, one) for one in frames if not one.file or _same_name(one.file, filename)]
    return [source], rows[-1] if rows else None


def scripts_of(frames: Iterable[Frame]) -> tuple[list[Source], Named | None]:
    """The files of ``frames`` that are here, the one that was started first, and the last row of them."""
    found: dict[str, Source] = {}
    last: Named | None = None
    for frame in frames:
        source = _here(frame)
        if source is not None:
            found.setdefault(source.path, source)
            last = _row(found[source.path], frame)
    sources = list(found.values())
    return (sources if len(sources) <= _MOST else [*sources[: _MOST - 1], sources[-1]]), last


def checked(sources: Iterable[Source], plans: Plans) -> list[Checked]:
    """What the analysis and the rules say of each. Raises UserError for a configuration that cannot be used."""
    workspace, configurations, measurements = Workspace(), Configurations(), Measurements()
    result = []
    for source in sources:
        path = Path(source.path).absolute()
        plan = plans.of(Found(source.path, str(path), True, configurations.above(str(path.parent))))
        plan = plan.with_measurement(measurements.of(str(path), source))
        scripts: list[Script] = []
        report = check_source(
            source, codes=plan.shown.codes, settings=plan.settings, workspace=workspace, look=scripts.append
        )
        script = scripts[0] if scripts else analyse(source, plan.settings, workspace)
        result.append(Checked(script, tuple(judge(source, report.diagnostics, plan.shown))))
    return result


def _read(filename: str) -> Source:
    try:
        return read_script(Path(filename), filename).source
    except UnreadableError as error:
        raise UserError(str(error)) from None


def _here(frame: Frame) -> Source | None:
    """The file of a frame: the path itself, else its longest end that is here and holds the same row.

    A log of a container or of another machine names other folders.
    """
    parts = [part for part in re.split(r"[/\\]", frame.file) if part not in ("", ".")]
    source = _if_here(frame.file)
    if source is not None or not frame.text:
        return source
    ends = (parts[start:] for start in range(len(parts)))
    found = (_if_here(str(Path(*end))) for end in ends if ".." not in end)
    return next((one for one in found if one is not None and _shows(one, frame)), None)


def _if_here(filename: str) -> Source | None:
    if not filename.lower().endswith(SUFFIXES):
        return None
    try:
        if not Path(filename).is_file():
            return None
        return read_script(Path(filename), _shorter(filename)).source
    except (OSError, ValueError, UnreadableError):
        return None


def _shorter(filename: str) -> str:
    """Relative to the current folder for what lies below it."""
    path = Path(filename)
    return (
        str(path.relative_to(Path.cwd()))
        if path.is_absolute() and path.is_relative_to(Path.cwd())
        else filename
    )


def _row(source: Source, frame: Frame) -> Named:
    """The row in its file; where it shows another text now, the one row that shows the log's."""
    if frame.file and _shows(source, frame):
        return Named(source.path, frame.row, _place(source, frame.row - 1))
    same = [row for row in range(len(source.line_starts)) if frame.text and _text(source, row) == frame.text]
    if len(same) == 1:
        return Named(source.path, same[0] + 1, _place(source, same[0]))
    return Named(source.path, frame.row, None, changed=True)


def _shows(source: Source, frame: Frame) -> bool:
    """Whether the row exists and shows the text of the log, if that has one."""
    if frame.row > len(source.line_starts):
        return False
    return not frame.text or _text(source, frame.row - 1) == frame.text


def _text(source: Source, row: int) -> str:
    start, end = source.line_span(row)
    return source.text[start:end].strip()


def _place(source: Source, row: int) -> Place:
    start, end = source.line_span(row)
    text = source.text[start:end]
    return Place(source, start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _same_name(one: str, other: str) -> bool:
    return re.split(r"[/\\]", one)[-1] == re.split(r"[/\\]", other)[-1]
