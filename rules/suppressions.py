"""Comments that switch findings off: ``# noqa``, ``# memlint: ignore`` and ``# memlint: skip-file``.

A suppression holds for findings that start in its row and for findings whose statement ends there. One that names
rules of ours and holds for nothing is a finding itself, KM001.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from keras_memlint.analysis.text.source import Location, Source
from keras_memlint.fixes.edits import Edit
from keras_memlint.rules.catalogue import reserved, rows
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix, TextEdit
from keras_memlint.rules.positions import to_position, to_text_edit

UNUSED = "KM001"
_DIRECTIVE = re.compile(
    r"#\s*(?:(?P<noqa>noqa)(?![\w-])(?P<colon>\s*:)?"
    r"|memlint:\s*(?:ignore(?:\[(?P<list>[^\]#]*)\]|(?=\s*(?:#|$)))|(?P<skip>skip-file)(?![\w-])))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\s,]*([A-Za-z][\w-]*)")
_CODE = re.compile(r"[A-Za-z]+\d+")
_OUR_CODE = re.compile(r"KM\d+", re.IGNORECASE)


class _Word(NamedTuple):
    """A code or name in a suppression; ``start`` and ``end`` are offsets in the text."""

    text: str
    start: int
    end: int


class _Suppression(NamedTuple):
    """One directive. ``words`` is None for one without a list, which holds for all rules; offsets are in the text, ``place`` is its start.

    ``ours``: it is no ``# noqa``, whose words may be those of other tools.
    """

    start: int
    end: int
    comment: tuple[int, int]
    place: Location
    words: tuple[_Word, ...] | None
    skips_file: bool = False
    ours: bool = False


def apply_suppressions(
    source: Source, diagnostics: Iterable[Diagnostic], active_codes: Collection[str]
) -> tuple[list[Diagnostic], list[Diagnostic], list[Diagnostic]]:
    """What is kept, what is suppressed, and a KM001 for each suppression that ``active_codes`` left without use.

    ``active_codes`` are the rules that ran: a suppression of another one may well be of use elsewhere.
    """
    found = list(diagnostics)
    # Much faster than an expression that ignores case, and most texts have no suppression.
    lowered = source.text.lower()
    if "noqa" not in lowered and "memlint:" not in lowered:
        return found, [], []
    suppressions = list(_parse(source))
    if any(suppression.skips_file for suppression in suppressions):
        return [], found, []
    by_row: dict[tuple[int | None, int], list[_Suppression]] = {}
    for suppression in suppressions:
        by_row.setdefault((suppression.place.cell, suppression.place.row), []).append(suppression)
    kept: list[Diagnostic] = []
    suppressed: list[Diagnostic] = []
    used: set[_Word] = set()
    for diagnostic in found:
        hits = [
            suppression
            for row in {diagnostic.location.row, diagnostic.last_row}
            for suppression in by_row.get((diagnostic.cell, row), ())
        ]
        words = [word for hit in hits for word in hit.words or () if _means(word.text, diagnostic)]
        used.update(words)
        (suppressed if words or any(hit.words is None for hit in hits) else kept).append(diagnostic)
    unused: list[Diagnostic] = []
    # Where a statement was set aside nobody knows what would have been found.
    if UNUSED in active_codes and not any(diagnostic.code == "KM000" for diagnostic in found):
        for suppression in suppressions:
            idle = [
                word
                for word in suppression.words or ()
                if word not in used
                and (_judged(word.text, active_codes) or (suppression.ours and not _known(word.text)))
            ]
            beside = by_row[suppression.place.cell, suppression.place.row]
            if idle and not any(map(_allows_unused, beside)):
                unused.append(_unused(source, suppression, idle))
    return kept, suppressed, unused


def _parse(source: Source) -> Iterator[_Suppression]:
    # Only needed here, and its expressions take their time to compile.
    from keras_memlint.analysis.text.tokens import comments

    # Cell by cell: a string that one cell leaves open ends with it.
    spans = [(cell.start, cell.end) for cell in source.cells] or [(0, len(source.text))]
    for span in spans:
        for comment in comments(source.text, *span):
            for match in _DIRECTIVE.finditer(source.text, *comment):
                yield _suppression(source, comment, match)


def _suppression(source: Source, comment: tuple[int, int], match: re.Match[str]) -> _Suppression:
    place = source.location(match.start())
    if match["skip"]:
        return _Suppression(match.start(), match.end(), comment, place, (), skips_file=True)
    if match["list"] is not None:
        words = tuple(_words(source.text, match.start("list"), match.end("list"), lambda _: True))
        return _Suppression(match.start(), match.end(), comment, place, words, ours=True)
    if not match["colon"]:
        return _Suppression(match.start(), match.end(), comment, place, None)
    words = tuple(
        _words(source.text, match.end(), comment[1], lambda text: bool(_CODE.fullmatch(text)) or _known(text))
    )
    bare = not words and not source.text[match.end() : comment[1]].strip()
    return _Suppression(
        match.start(), words[-1].end if words else match.end(), comment, place, None if bare else words
    )


def _words(text: str, start: int, end: int, wanted: Callable[[str], bool]) -> Iterator[_Word]:
    """The words from ``start`` on, up to the first that is not ``wanted``: prose may follow the codes."""
    while (match := _WORD.match(text, start, end)) and wanted(match[1]):
        yield _Word(match[1], *match.span(1))
        start = match.end()


def _known(word: str) -> bool:
    return any(word.upper() == row.code or word == row.name for row in rows() + reserved())


def _means(word: str, diagnostic: Diagnostic) -> bool:
    return word.upper() == diagnostic.code or word == diagnostic.name


def _judged(word: str, active_codes: Collection[str]) -> bool:
    """Whether ``word``, which held for nothing, is known to be useless. Words of other tools never are."""
    for row in rows() + reserved():
        if word.upper() == row.code or word == row.name:
            return row.code != UNUSED and row.code in active_codes
    return bool(_OUR_CODE.fullmatch(word))


def _allows_unused(suppression: _Suppression) -> bool:
    words = suppression.words
    return words is None or any(
        word.text.upper() == UNUSED or word.text == "unused-suppression" for word in words
    )


def _unused(source: Source, suppression: _Suppression, idle: list[_Word]) -> Diagnostic:
    names = ", ".join(f"`{word.text}`" for word in idle)
    strange = ", ".join(f"`{word.text}`" for word in idle if not _known(word.text))
    unknown = f": there is no rule {strange}" if strange else ""
    first = source.location(idle[0].start)
    return Diagnostic(
        UNUSED,
        "unused-suppression",
        "info",
        f"{names} {'suppresses' if len(idle) == 1 else 'suppress'} nothing here{unknown}",
        source.path,
        to_position(source, idle[0].start),
        to_position(source, idle[-1].end),
        cell=first.cell,
        fixes=(DiagnosticFix("safe", f"remove the unused {names}", (_removal(source, suppression, idle),)),),
        tags=("unnecessary",),
        last_row=first.row,
    )


def _removal(source: Source, suppression: _Suppression, idle: list[_Word]) -> TextEdit:
    text = source.text
    words = suppression.words or ()
    kept = [word for word in words if word not in idle]
    if kept:
        between = text[words[0].end : words[1].start]
        return _edit(source, words[0].start, words[-1].end, between.join(word.text for word in kept))
    start, end = suppression.start, suppression.end
    rest = text[end : suppression.comment[1]]
    if rest.strip():
        # What follows stays a comment: its own, or, when it is prose, one that it is given.
        own = rest.lstrip().startswith("#")
        return _edit(source, start, end + len(rest) - len(rest.lstrip()) if own else end, "" if own else "#")
    row_start, row_end = source.line_span(source.row(start))
    start = row_start + len(text[row_start:start].rstrip(" \t\f"))
    if start == row_start:
        cell = source.cell_at(row_start)
        following = source.row(row_start) + 1
        next_start = source.line_starts[following] if following < len(source.line_starts) else row_end
        end = next_start if cell is None or next_start < cell.end else row_end
    else:
        end = row_end
    return _edit(source, start, end, "")


def _edit(source: Source, start: int, end: int, content: str) -> TextEdit:
    return to_text_edit(source, Edit(start, end, content))
