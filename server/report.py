"""What a run of ``check`` hands to an output format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.catalogue import Row
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix, Position


@dataclass(frozen=True, slots=True)
class Estimated:
    """What is known of a script's need, in words, and the place of its training, None when that is not known."""

    filename: str
    location: Position | None
    cell: int | None
    summary: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The options that were typed and decide what can still be fixed, and how: ``--fix``, ``--unsafe-fixes``, ``--hints``.

    ``baseline``: old findings are left out.
    """

    fix: bool = False
    unsafe_fixes: bool = False
    hints: bool = False
    baseline: bool = False

    def would_fix(self, diagnostic: Diagnostic) -> bool:
        """Whether the same command with ``--fix`` would repair it. Never after ``--fix``: it could not."""
        return any(self.would_make(fix) for fix in diagnostic.fixes)

    def would_make(self, fix: DiagnosticFix) -> bool:
        """The same for one of its fixes."""
        return not self.fix and (self.unsafe_fixes or fix.applicability == "safe")

    def would_fix_unsafely(self, diagnostic: Diagnostic) -> bool:
        """Whether that takes ``--unsafe-fixes``, which was not typed."""
        return (
            not self.unsafe_fixes
            and bool(diagnostic.fixes)
            and all(fix.applicability == "unsafe" for fix in diagnostic.fixes)
        )


@dataclass(frozen=True, slots=True)
class RunReport:
    """The findings of a run, in the order they are shown.

    ``sources`` gives the text behind a ``filename`` of a diagnostic, None when it cannot be read any more.
    ``root`` is the folder that paths of machine formats are relative to (the repository, else the current
    folder). ``rules`` maps the code of every rule of this release to its row. ``estimates`` are those of the
    files checked whose text they still hold for. ``typed`` says what is left to fix, and how.
    """

    diagnostics: list[Diagnostic]
    sources: Callable[[str], Source | None]
    root: Path
    rules: Mapping[str, Row]
    files_checked: int
    version: str
    estimates: tuple[Estimated, ...] = ()
    typed: Typed = Typed()
