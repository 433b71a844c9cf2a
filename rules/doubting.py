"""What becomes of findings in a script that is known to fail: those behind the line that fails are an info."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from keras_memlint.analysis.syntax import tree
from keras_memlint.rules.diagnostic import Diagnostic, Position, RelatedPlace, Severity
from keras_memlint.rules.positions import to_position, to_related

if TYPE_CHECKING:
    from keras_memlint.analysis.projects.workspace import Workspace
    from keras_memlint.analysis.script import Script

_GRAVE: tuple[Severity, ...] = ("warning", "error")
_IMPORTS = (tree.Alias, tree.Import, tree.ImportFrom)
_AT_ONCE = "KM1"  # rules about input data tell of memory that is taken where they point, whatever comes later
_IN_TRAINING = "KM4"  # rules about architectures, of what a training makes of it


def doubted(
    script: Script,
    found: Sequence[Diagnostic],
    find: Callable[[Script, Collection[str]], list[Diagnostic]],
    workspace: Workspace | None,
) -> list[Diagnostic]:
    """What was ``found``, with an info for each warning and error that ``find`` does not find once the script ends where it fails.

    It stays in sight, as it is back as soon as the name is defined that is being typed.
    """
    from keras_memlint.analysis.script import analyse_until

    codes = {one.code for one in found if one.severity in _GRAVE}
    failures = script.failures if codes else []
    if not failures:
        return list(found)
    ended = analyse_until(script, failures, workspace)
    stays = {_identity(one) for one in find(ended, codes) if one.severity in _GRAVE}
    reached = set(_reached(ended))
    trains = any(ended.reached(fit.call) for fit in ended.trainings)
    untrained = not trains and any(script.reached(fit.call) for fit in script.trainings)
    notes = [
        to_related(f"the script fails here: {failure.why}", script.place(failure.node))
        for failure in failures
    ]
    rows = [to_position(script.source, script.place(failure.statement).start).row for failure in failures]

    imports = set(_imports(script)) if any(isinstance(one.node, _IMPORTS) for one in failures) else set()

    def is_moot(one: Diagnostic) -> bool:
        if one.location.row in imports:
            return False  # of two imports that fail, both are to be mended
        if one.code.startswith(_AT_ONCE) and (one.location in reached or _is_evaluated(one, rows, notes)):
            return False
        return _identity(one) not in stays or (untrained and one.code.startswith(_IN_TRAINING))

    return [_lowered(one, notes) if one.severity in _GRAVE and is_moot(one) else one for one in found]


def _lowered(one: Diagnostic, notes: list[RelatedPlace]) -> Diagnostic:
    """An info that names the last place before it that fails, or the first of all."""
    above = [note for note in notes if note.location.row <= one.location.row]
    return replace(one, severity="info", related=(*one.related, above[-1] if above else notes[0]))


def _is_evaluated(one: Diagnostic, rows: list[int], notes: list[RelatedPlace]) -> bool:
    """Whether it stands in a statement that fails, before what raises there: `x / 255` in `fit(x / 255, undefined)`."""

    def order(at: Position) -> tuple[int, int]:
        return at.row, at.column

    return any(
        row <= one.location.row and order(one.end_location) <= order(note.location)
        for row, note in zip(rows, notes, strict=True)
    )


def _reached(script: Script) -> Iterator[Position]:
    """Where calls and operations start that are made before the script ends."""
    for call in script.all_calls:
        if script.reached(call) and call.node.piece.source is script.source:
            yield to_position(script.source, script.place(call.node).start)
            yield to_position(script.source, script.call_place(call).start)
    for operation in script.operations:
        if operation.node.piece.source is script.source:
            yield to_position(script.source, script.place(operation.node).start)


def _imports(script: Script) -> Iterator[int]:
    """The rows of the script's imports."""
    for one in script.imports:
        if one.statement.piece.source is script.source:
            yield to_position(script.source, script.place(one.statement).start).row


def _identity(one: Diagnostic) -> tuple[str, Position, Position]:
    return one.code, one.location, one.end_location
