"""The edits that turn one text into another: whole files are never replaced, so cursors and folds stay."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from keras_memlint.fixes.edits import Edit

# Above so many pairs of changed lines, one edit for all of them is as good as hours of comparing.
_COMPARED_AT_MOST = 10_000_000


def differences(old: str, new: str) -> list[Edit]:
    """Edits on ``old`` that give ``new``, each as short as whole characters and line ends allow."""
    found = []
    for start, end, content in _line_changes(old, new):
        changed = _trimmed(old, start, end, content)
        if changed.start < changed.end or changed.content:
            found.append(changed)
    return found


def _line_changes(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """Spans of whole lines of ``old`` with what stands there in ``new``."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    at = [len("".join(old.splitlines(keepends=True)[:head]))]
    for line in before:
        at.append(at[-1] + len(line))
    if len(before) * len(after) > _COMPARED_AT_MOST:
        yield at[0], at[-1], "".join(after)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield at[a], at[b], "".join(after[c:d])


def _trimmed(old: str, start: int, end: int, content: str) -> Edit:
    """The edit without the characters that stay at its beginning and at its end."""
    first = 0
    while start + first < end and first < len(content) and old[start + first] == content[first]:
        first += 1
    start, content = start + first, content[first:]
    last = 0
    while (
        start < end - last and last < len(content) and old[end - 1 - last] == content[len(content) - 1 - last]
    ):
        last += 1
    end, content = end - last, content[: len(content) - last]
    # Editors cannot point between the two characters of one line end.
    if old[start - 1 : start + 1] == "\r\n":
        start, content = start - 1, "\r" + content
    if old[end - 1 : end + 1] == "\r\n":
        end, content = end + 1, content + "\n"
    return Edit(start, end, content)
