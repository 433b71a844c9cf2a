"""What a run of ``check`` hands to an output format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.analysis.source import Source
from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.diagnostic import Diagnostic, Position


@dataclass(frozen=True, slots=True)
class Estimated:
    """What is known of a script's need, in words, and the place of its training, None when that is not known."""

    filename: str
    location: Position | None
    cell: int | None
    summary: str


@dataclass(frozen=True, slots=True)
class RunReport:
    """The findings of a run, in the order they are shown.

    ``sources`` gives the text behind a ``filename`` of a diagnostic, None when it cannot be read any more.
    ``root`` is the folder that paths of machine formats are relative to (the repository, else the current
    folder). ``rules`` maps the code of every rule of this release to its row. ``estimates`` are those of the
    files checked whose text they still hold for.
    """

    diagnostics: list[Diagnostic]
    sources: Callable[[str], Source | None]
    root: Path
    rules: Mapping[str, Row]
    files_checked: int
    version: str
    estimates: tuple[Estimated, ...] = ()
