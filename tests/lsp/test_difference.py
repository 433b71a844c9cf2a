"""Edits between two texts give the second, and touch little."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.fixes.edits import Edit, apply
from keras_memlint.server.lsp.difference import differences

TEXTS = st.lists(
    st.sampled_from(["a\n", "b\r\n", "ab\n", "é🙂\r\n", "\r\n", "x\f\n", "tail"]), max_size=12
).map("".join)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_edits_give_the_new_text(old: str, new: str) -> None:
    edits = differences(old, new)
    assert apply(old, edits) == new
    for edit in edits:
        for offset in (edit.start, edit.end):
            assert old[offset - 1 : offset + 1] != "\r\n" or offset == 0


def test_an_insertion_in_a_line_is_only_that() -> None:
    old = "import a\n\nx = f(1)\ny = 2\n"
    assert differences(old, old.replace("f(1)", "f(1, k=2)")) == [Edit(17, 17, ", k=2")]


def test_equal_texts_have_no_edits() -> None:
    assert differences("a\r\nb", "a\r\nb") == []


def test_large_texts_with_many_changes_are_quick() -> None:
    old = "".join(f"x{number}\n" for number in range(20_000))
    new = old.replace("x", "y")
    assert apply(old, differences(old, new)) == new
