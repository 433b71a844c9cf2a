"""Edits on the user's text, and the fixes made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replaces the characters ``start`` to ``end`` (exclusive) of a source's text by ``content``."""

    start: int
    end: int
    content: str


class Way(NamedTuple):
    """What fix-all needs of a fix: whether results stay the same, and its edits."""

    safe: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that removes one finding: a verb phrase, whether results stay the same, and its edits.

    ``safe``: same results, less memory. Otherwise numerics, order or API behaviour may change: ``price`` says how. The
    edits of one fix never overlap.
    """

    title: str
    safe: bool
    edits: tuple[Edit, ...]
    price: str = ""

    @property
    def message(self) -> str:
        """What users read: the title, and the price of a fix that is not safe."""
        if self.safe:
            return self.title
        return f"{self.title} (unsafe: {self.price})" if self.price else f"{self.title} (unsafe)"


def overlap(edits: Iterable[Edit]) -> bool:
    """Whether two of ``edits`` touch the same characters, or insert at the same offset."""
    ordered = sorted(edits)
    return any(b.start < a.end or (a.start == b.start) for a, b in pairwise(ordered))


def apply(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with all ``edits`` made. Raises ValueError when they overlap."""
    ordered = sorted(edits)
    if overlap(ordered):
        raise ValueError("edits overlap")
    parts: list[str] = []
    at = 0
    for edit in ordered:
        parts += (text[at : edit.start], edit.content)
        at = edit.end
    return "".join([*parts, text[at:]])
