"""The words of a text, and which of some words stand in it."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def words_of(text: str) -> frozenset[str]:
    """All words of ``text``: names, numbers, and what else is made of letters, digits and underscores."""
    return frozenset(_WORD.findall(text))


class Among:
    """Which of some words stand in a text, remembered as long as the same are asked for."""

    __slots__ = ("_asked", "_found")

    def __init__(self) -> None:
        self._asked: frozenset[str] = frozenset()
        self._found: frozenset[str] = frozenset()

    def of(self, words: frozenset[str], text: str) -> frozenset[str]:
        """Those of ``words`` that stand in ``text``, which is the same each time; also as a part of a longer word."""
        if self._asked is not words:
            self._asked = words
            self._found = frozenset([word for word in words if word in text])
        return self._found
