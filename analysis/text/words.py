"""The words of a text, and which of some words stand in it."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def words_of(text: str) -> frozenset[str]:
    """All words of ``text``: names, numbers, and what else is made of letters, digits and underscores."""
    return frozenset(_WORD.findall(text))


class Among:
    """Which of some words stand in a text, remembered for each set of words that is asked for."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[frozenset[str], frozenset[str]] = {}

    def of(self, words: frozenset[str], text: str) -> frozenset[str]:
        """Those of ``words`` that stand in ``text``, which is the same each time; also as a part of a longer word."""
        found = self._found.get(words)
        if found is None:
            found = self._found[words] = frozenset([word for word in words if word in text])
        return found
