"""Runs rules over one script and turns what they find into diagnostics."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from keras_memlint.analysis.settings import Settings
from keras_memlint.analysis.source import Source
from keras_memlint.rules.diagnostic import Diagnostic


@dataclass(slots=True)
class Report:
    """The outcome for one script.

    ``diagnostics`` are in order of position, before suppressions are applied. ``problems`` name rules that failed
    (a bug of ours, never the user's). ``used_files`` are the other files whose content had a part in the result.
    ``seconds`` is the time each rule took.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    used_files: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


def check_source(source: Source, *, codes: Collection[str], settings: Settings, workspace: object = None) -> Report:
    """All findings of the rules ``codes`` in ``source``. Never raises on any text."""
    raise NotImplementedError
