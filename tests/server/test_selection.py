"""Codes, prefixes and names, typed and in the file."""

from __future__ import annotations

import pytest
from keras_memlint.rules.catalogue import reserved, rows
from keras_memlint.server.errors import UserError
from keras_memlint.server.selection import codes_of, select, split

ALL = frozenset(row.code for row in rows() + reserved())
PIPELINE = frozenset(code for code in ALL if code.startswith("KM2"))


def test_words_are_separated_by_commas_and_repetition() -> None:
    assert split(["KM1, KM203", "shuffle-full-buffer", " ,"]) == ["KM1", "KM203", "shuffle-full-buffer"]


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("KM209", {"KM209"}),
        ("km209", {"KM209"}),
        ("map-sequential", {"KM209"}),
        ("KM2", PIPELINE),
        ("KM", ALL),
        ("KM00", {"KM000", "KM001"}),
        ("ALL", ALL),
        ("unused-suppression", {"KM001"}),
    ],
)
def test_what_a_word_stands_for(word: str, codes: set[str]) -> None:
    assert codes_of(word, "--select") == codes


@pytest.mark.parametrize(
    ("word", "near"),
    [("KM2099", "KM209"), ("map-sequental", "map-sequential"), ("Q", None), ("KM99", None), ("E501", None)],
)
def test_unknown_word_is_an_error_that_names_near_ones(word: str, near: str | None) -> None:
    with pytest.raises(UserError) as caught:
        codes_of(word, "--select")
    assert str(caught.value).startswith(f"--select: no rule is called `{word}`")
    assert near is None or f"`{near}`" in str(caught.value)


def test_everything_by_default() -> None:
    assert select(None, (), (), ()).codes == ALL
    assert select(None, (), (), ()).exact == frozenset()


def test_ignoring_beats_selecting() -> None:
    assert select(("KM209",), ("KM2",), (), ()).codes == frozenset()
    assert select(None, (), ("KM2",), ("map-sequential",)).codes == PIPELINE - {"KM209"}


def test_what_was_typed_beats_the_file() -> None:
    assert select(("KM0",), ("KM209",), ("KM209",), ()).codes == {"KM209"}
    assert select(("KM2",), (), (), ("KM209",)).codes == PIPELINE - {"KM209"}
    assert select(None, ("KM207",), (), ("KM209",)).codes == ALL - {"KM207", "KM209"}


def test_empty_list_in_the_file_selects_nothing() -> None:
    assert select((), (), (), ()).codes == frozenset()


def test_own_code_or_name_is_exact_and_a_prefix_is_not() -> None:
    assert select(None, (), ("KM209", "missing-prefetch", "KM0"), ()).exact == {"KM209", "KM207"}
    assert select(None, (), ("KM209",), ("KM209",)).exact == frozenset()
    assert select(("KM209",), (), (), ()).exact == {"KM209"}
