"""Which rules a run uses: codes, prefixes and names become a set of codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from keras_memlint.rules.catalogue import reserved, rows
from keras_memlint.server.errors import UserError, did_you_mean


class Selection(NamedTuple):
    """``codes`` are in force. ``exact`` were selected by their own code or name, so their hints are shown."""

    codes: frozenset[str]
    exact: frozenset[str]


def split(values: Iterable[str]) -> list[str]:
    """The single words of comma-separated, repeated arguments."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def codes_of(word: str, where: str) -> frozenset[str]:
    """The codes that a code, a prefix, a name or ``ALL`` stands for. Raises UserError, which names ``where``."""
    known = rows() + reserved()
    if word.upper() == "ALL":
        return frozenset(row.code for row in known)
    by_name = frozenset(row.code for row in known if row.name == word)
    found = by_name or frozenset(row.code for row in known if word and row.code.startswith(word.upper()))
    if not found:
        near = did_you_mean(word, [*(row.code for row in known), *(row.name for row in known)])
        raise UserError(f"{where}: no rule is called `{word}`{near}; `keras-memlint rule` lists them all")
    return found


def select(
    select_by_file: Sequence[str] | None,
    ignore_by_file: Sequence[str],
    select_by_hand: Sequence[str],
    ignore_by_hand: Sequence[str],
) -> Selection:
    """Ignoring beats selecting, and what was typed beats the file. All words must have been checked."""
    words = select_by_hand or select_by_file
    codes = frozenset(row.code for row in rows() + reserved()) if words is None else _union(words)
    if not select_by_hand:
        codes -= _union(ignore_by_file)
    codes -= _union(ignore_by_hand)
    return Selection(codes, frozenset(code for word in words or () for code in _exact(word)) & codes)


def _union(words: Iterable[str]) -> frozenset[str]:
    return frozenset(code for word in words for code in codes_of(word, "select"))


def _exact(word: str) -> frozenset[str]:
    return frozenset(row.code for row in rows() + reserved() if word.upper() == row.code or word == row.name)
