"""Fix-all: the fixes of many findings made in one text, again and again until nothing is left to fix."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import Edit, Way, apply, overlap

ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Fixable:
    """A finding as fix-all sees it: its code, and what its alternative fixes do, best first."""

    code: str
    fixes: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class FixOutcome:
    """What fix-all made of a source.

    ``source`` is the one given when nothing changed. ``fixed`` counts fixes by code. ``refused`` are codes of fixes
    that were left out: the text would parse worse, or they reach across notebook cells. ``unstable`` are codes that
    still found something to fix after all rounds; then the text is left alone.
    """

    source: Source
    fixed: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    unstable: tuple[str, ...] = ()


def fix_all(
    source: Source,
    check: Callable[[Source], Iterable[Fixable]],
    broken: Callable[[Source], int],
    *,
    unsafe: bool,
) -> FixOutcome:
    """Makes the first allowed fix of each finding until nothing changes: safe ones only, unless ``unsafe``.

    ``check`` gives the findings that may be fixed; ``broken`` counts statements that do not parse, which no fix may
    increase. Fixes that overlap wait for a later round.
    """
    fixed: Counter[str] = Counter()
    refused: set[str] = set()
    current = source
    for rounds in range(ROUNDS + 1):
        step = _step(current, check(current), broken, unsafe)
        refused.update(step.refused)
        if not step.fixed:
            return FixOutcome(current, dict(fixed), tuple(sorted(refused)))
        if rounds < ROUNDS:
            fixed += step.fixed
            current = step.source
    return FixOutcome(source, refused=tuple(sorted(refused)), unstable=tuple(sorted(step.fixed)))


def edit_source(source: Source, edits: Iterable[Edit]) -> Source:
    """``source`` after ``edits``, its notebook cells found again.

    Raises ValueError when edits overlap, or one reaches out of its cell.
    """
    if not source.cells:
        return Source(source.path, apply(source.text, edits))
    inside: list[list[Edit]] = [[] for _ in source.cells]
    starts = [cell.start for cell in source.cells]
    for edit in edits:
        number = bisect_right(starts, edit.start) - 1
        cell = source.cells[number]
        if edit.end > cell.end:
            raise ValueError("an edit reaches out of its cell")
        inside[number].append(Edit(edit.start - cell.start, edit.end - cell.start, edit.content))
    return join_cells(
        source.path,
        (
            (cell.index, apply(source.text[cell.start : cell.end], own))
            for cell, own in zip(source.cells, inside, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    source: Source
    fixed: Counter[str]
    refused: set[str]


def _step(source: Source, found: Iterable[Fixable], broken: Callable[[Source], int], unsafe: bool) -> _Step:
    """One round."""
    refused: set[str] = set()
    wanted: list[tuple[str, tuple[Edit, ...]]] = []
    for finding in found:
        allowed = [fix for fix in finding.fixes if fix.safe or unsafe]
        possible = next(
            (fix for fix in allowed if not overlap(fix.edits) and _inside_cells(source, fix.edits)), None
        )
        if possible is None:
            refused.update([finding.code] if allowed else [])
            continue
        edits = tuple(edit for edit in possible.edits if source.text[edit.start : edit.end] != edit.content)
        if edits:
            wanted.append((finding.code, edits))
    wanted.sort(key=lambda one: min(one[1]))
    taken, together = _compatible(wanted)
    if not taken:
        return _Step(source, Counter(), refused)
    sound = broken(source)
    new = edit_source(source, together)
    if broken(new) > sound:
        # One of them is to blame: the others are made without it.
        kept: list[tuple[str, tuple[Edit, ...]]] = []
        new, together = source, []
        for code, edits in taken:
            candidate = [*together, *(edit for edit in edits if edit not in together)]
            attempt = edit_source(source, candidate)
            if broken(attempt) > sound:
                refused.add(code)
            else:
                kept.append((code, edits))
                new, together = attempt, candidate
        taken = kept
    return _Step(new, Counter(code for code, _ in taken), refused)


def _compatible(
    wanted: Sequence[tuple[str, tuple[Edit, ...]]],
) -> tuple[list[tuple[str, tuple[Edit, ...]]], list[Edit]]:
    """The fixes that can be made at once, earlier ones first, and all their edits in order.

    Two fixes may share an edit, such as the same new import.
    """
    taken: list[tuple[str, tuple[Edit, ...]]] = []
    together: list[Edit] = []
    for code, edits in wanted:
        new = [edit for edit in edits if not _holds(together, edit)]
        if not any(_meets(together, edit) for edit in new):
            for edit in new:
                insort(together, edit)
            taken.append((code, edits))
    return taken, together


def _holds(ordered: Sequence[Edit], edit: Edit) -> bool:
    at = bisect_left(ordered, edit)
    return at < len(ordered) and ordered[at] == edit


def _meets(ordered: Sequence[Edit], edit: Edit) -> bool:
    """Whether ``edit`` overlaps one of ``ordered``, which do not overlap each other: only neighbours can."""
    at = bisect_left(ordered, edit)
    return overlap([*ordered[max(at - 1, 0) : at + 1], edit])


def _inside_cells(source: Source, edits: Iterable[Edit]) -> bool:
    starts = [cell.start for cell in source.cells]
    return not starts or all(
        edit.end <= source.cells[bisect_right(starts, edit.start) - 1].end for edit in edits
    )
