"""What fixes would change, as a unified diff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import unified_diff as compare

from keras_memlint.analysis.text.source import Source

# Only the newline ends a line of a patch: other tools would not agree on anything else.
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def unified_diff(old: Source, new: Source) -> str:
    """The lines of ``old`` that ``new`` changes, with context; empty when there are none.

    A notebook has one part for each changed cell, named by its number from 1; a newline at the end of a cell is no matter.
    """
    if not old.cells:
        return "".join(_part(old.path, old.text, new.text))
    parts: list[str] = []
    for before, after in zip(old.cells, new.cells, strict=True):
        texts = [source.text[cell.start : cell.end] for source, cell in ((old, before), (new, after))]
        first, second = (text if text.endswith("\n") or not text else f"{text}\n" for text in texts)
        parts += _part(f"{old.path}:cell {before.index + 1}", first, second)
    return "".join(parts)


def _part(name: str, old: str, new: str) -> Iterator[str]:
    for line in compare(_LINE.findall(old), _LINE.findall(new), name, name):
        yield line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"
