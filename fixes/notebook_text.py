"""New sources for the cells of a notebook, written into its JSON text without touching anything else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from keras_memlint.analysis.text.notebook import CodeCell, Literal
from keras_memlint.fixes.edits import Edit, apply

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# One match for each character of the value: the two halves of a surrogate pair are one.
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_ESCAPED = re.compile(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")
_COMPARED_AT_MOST = 10_000_000


def rewrite_cells(json_text: str, cells: Sequence[CodeCell], sources: Mapping[int, str]) -> str:
    """``json_text`` with new ``sources`` for the cells of these indices; ``cells`` are those of ``json_text``.

    Strings that hold no changed line keep every character, and so does all that lies between cells. Changed lines
    are escaped as the rest of the file is.
    """
    escape = json_text.isascii() and _has_escapes(json_text)
    edits: list[Edit] = []
    for cell in cells:
        source = sources.get(cell.index, cell.source)
        if source == cell.source:
            continue
        if cell.is_array and [line.value for line in cell.lines] == _split(cell.source):
            edits += _line_edits(json_text, cell, _split(source), escape)
        else:
            edits += _character_edits(json_text, cell, source, escape)
    return apply(json_text, edits)


def _has_escapes(text: str) -> bool:
    """Whether a character beyond ASCII is written as an escape; after an odd backslash ``\\u`` is none."""
    for match in _ESCAPED.finditer(text):
        backslashes = 0
        while text[match.start() - backslashes - 1] == "\\":
            backslashes += 1
        if backslashes % 2 == 0:
            return True
    return False


def _split(source: str) -> list[str]:
    return _LINE.findall(source)


def _line_edits(text: str, cell: CodeCell, new: list[str], escape: bool) -> Iterator[Edit]:
    """For an array with one string a line, as Jupyter writes it: strings come and go with their lines."""
    old = cell.lines
    if not old or not new:
        yield Edit(cell.start, cell.end, _array(text, cell, [_encode(line, escape) for line in new]))
        return
    separator = _separator(text, cell)
    for start, end, new_start, new_end in _changes([line.value for line in old], new):
        added = [_encode(line, escape) for line in new[new_start:new_end]]
        if added and start < end:
            yield Edit(old[start].start, old[end - 1].end, separator.join(added))
        elif added and start < len(old):
            yield Edit(old[start].start, old[start].start, "".join([line + separator for line in added]))
        elif added:
            yield Edit(old[-1].end, old[-1].end, "".join([separator + line for line in added]))
        elif end < len(old):
            yield Edit(old[start].start, old[end].start, "")
        else:
            yield Edit(old[start - 1].end, old[end - 1].end, "")


def _separator(text: str, cell: CodeCell) -> str:
    """What stands between two strings of the array."""
    if len(cell.lines) > 1:
        return text[cell.lines[0].end : cell.lines[1].start]
    return "," + (text[cell.start + 1 : cell.lines[0].start] or " ")


def _array(text: str, cell: CodeCell, items: list[str]) -> str:
    """An array that was empty or becomes so; indented like the object around it."""
    if not items:
        return "[]"
    line = text[text.rfind("\n", 0, cell.start) + 1 : cell.start]
    indent = line[: len(line) - len(line.lstrip())]
    if not indent:
        return f"[{', '.join(items)}]"
    # The key of a source stands three levels deep.
    inner = "\n" + indent + indent[: max(len(indent) // 3, 1)]
    return "[" + inner + ("," + inner).join(items) + "\n" + indent + "]"


def _character_edits(text: str, cell: CodeCell, new: str, escape: bool) -> Iterator[Edit]:
    """For a source cut into strings in any other way: the cuts stay, changed lines go where their first one was."""
    before, after = _split(cell.source), _split(new)
    offsets: dict[int, list[int]] = {}
    for start, end, new_start, new_end in _changes(before, after):
        first = sum(map(len, before[:start]))
        last = first + sum(map(len, before[start:end]))
        content = _encode("".join(after[new_start:new_end]), escape)[1:-1]
        for number, (literal, at) in enumerate(_placed(cell.lines)):
            stop = at + len(literal.value)
            if first == last:
                touched = at <= first <= stop and bool(content)
            else:
                touched = at < last and first < stop
            if touched:
                if number not in offsets:
                    offsets[number] = _character_offsets(text, literal)
                known = offsets[number]
                yield Edit(known[max(first - at, 0)], known[min(last, stop) - at], content)
                content = ""


def _placed(literals: Sequence[Literal]) -> Iterator[tuple[Literal, int]]:
    """Each string with its offset in the source of the cell."""
    at = 0
    for literal in literals:
        yield literal, at
        at += len(literal.value)


def _character_offsets(text: str, literal: Literal) -> list[int]:
    """Where each character of the value stands in the JSON text, and where the last one ends."""
    inside = _CHARACTER.finditer(text, literal.start + 1, literal.end - 1)
    return [*(match.start() for match in inside), literal.end - 1]


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Which lines of ``old`` become which of ``new``: start and end in both."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    rest = min(len(old), len(new)) - head
    pairs = zip(reversed(old), reversed(new), strict=False)
    tail = min(rest, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)))
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(a) * len(b) > _COMPARED_AT_MOST:
        return [(head, head + len(a), head, head + len(b))]
    return [
        (head + start, head + end, head + new_start, head + new_end)
        for tag, start, end, new_start, new_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _encode(value: str, escape: bool) -> str:
    return json.dumps(value, ensure_ascii=escape)
