"""What becomes of repaired texts: written to their files, printed, or shown as a difference."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from keras_memlint.fixes.diff import unified_diff
from keras_memlint.fixes.write import UnwritableError, new_bytes, write_script
from keras_memlint.server import terminal
from keras_memlint.server.report import Typed
from keras_memlint.server.run import Outcome


def write_files(outcomes: Sequence[Outcome]) -> None:
    """Writes what changed. A file that cannot be written has a problem and keeps its findings."""
    fixed: Counter[str] = Counter()
    files = 0
    for outcome in outcomes:
        if outcome.repair is None or outcome.file is None:
            continue
        for code in outcome.repair.refused:
            terminal.warn(
                f"{outcome.found.filename}: a fix of {code} was left out, the code would not parse after it"
            )
        try:
            files += write_script(Path(outcome.found.path), outcome.file, outcome.repair.source)
        except UnwritableError as error:
            _give_up(outcome, error)
        else:
            fixed.update(outcome.repair.fixed)
    if files:
        terminal.note(f"fixed {_many(sum(fixed.values()), 'finding')} in {_many(files, 'file')}")


def print_text(outcome: Outcome) -> None:
    """Prints the text of standard input after its repair, in its own encoding."""
    if outcome.file is None:
        return
    raw = outcome.file.raw
    if outcome.repair is not None:
        try:
            raw = new_bytes(outcome.file, outcome.repair.source)
        except UnwritableError as error:
            _give_up(outcome, error)
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)


def print_differences(outcomes: Sequence[Outcome], typed: Typed) -> bool:
    """Prints what repairs would change; whether that is anything.

    An empty difference does not mean that nothing was found, so a note beside it counts what is not in it.
    """
    fixed = files = 0
    for outcome in outcomes:
        if outcome.repair is None or outcome.file is None:
            continue
        difference = unified_diff(outcome.file.source, outcome.repair.source)
        if difference:
            fixed += sum(outcome.repair.fixed.values())
            files += 1
        sys.stdout.write(difference)
    sys.stdout.flush()
    left = [diagnostic for outcome in outcomes for diagnostic in outcome.remaining]
    unsafely = sum(map(typed.would_fix_unsafely, left))
    also = f" ({unsafely} fixable with --unsafe-fixes)" if unsafely else ""
    if files:
        rest = f"; {len(left)} would remain{also}" if left else ""
        terminal.note(f"would fix {_many(fixed, 'finding')} in {_many(files, 'file')}{rest}")
    elif left:
        terminal.note(f"would fix none of {_many(len(left), 'finding')}{also}")
    return bool(files)


def _give_up(outcome: Outcome, error: UnwritableError) -> None:
    outcome.problems.append(str(error))
    outcome.repair = None
    outcome.remaining = outcome.diagnostics


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
