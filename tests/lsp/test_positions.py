"""Positions: every encoding, every kind of line end, and places that do not exist."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.server.lsp.positions import Lines
from lsprotocol import types

UNIT_BYTES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXTS = st.text(alphabet=st.sampled_from("ab#\t\f\x0b\x1c\x85\u2028\u2029é€𝛼🙂\ud83d\r\n"), max_size=40)
ENCODINGS = st.sampled_from(sorted(UNIT_BYTES))


def units(text: str, encoding: str) -> int:
    codec, size = UNIT_BYTES[encoding]
    return sum(len(character.encode(codec, "surrogatepass")) for character in text) // size


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 9), ("utf-16", 6), ("utf-32", 5)])
def test_characters_outside_the_basic_plane(encoding: str, column: int) -> None:
    lines = Lines('x\n"é🙂" # bytes', encoding)
    assert lines.position(lines.text.index(" #")) == types.Position(1, column - 1)
    assert lines.offset(types.Position(1, column - 1)) == lines.text.index(" #")


@settings(deadline=None)
@given(TEXTS, ENCODINGS)
def test_a_position_leads_back_to_its_offset(text: str, encoding: str) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n":
            continue  # no place of its own: the middle of a line end
        position = lines.position(offset)
        if text[offset - 1 : offset] not in "\r\n" or not offset:
            start, end = lines.line_span(position.line)
            assert start <= offset <= max(end, offset)
            assert position.character == units(text[start:offset], encoding)
        if offset <= lines.line_span(position.line)[1]:
            assert lines.offset(position) == offset


@settings(deadline=None)
@given(TEXTS, ENCODINGS, st.integers(0, 8), st.integers(0, 60))
def test_any_position_has_an_offset(text: str, encoding: str, line: int, character: int) -> None:
    lines = Lines(text, encoding)
    offset = lines.offset(types.Position(line, character))
    if line >= lines.count:
        assert offset == len(text)
        return
    start, end = lines.line_span(line)
    assert start <= offset <= end
    assert units(text[start:offset], encoding) <= character
    assert offset == end or units(text[start : offset + 1], encoding) > character


def test_only_three_line_ends_count() -> None:
    lines = Lines("a\fb\x1cc\u2028d\re\r\nf\n", "utf-16")
    assert lines.count == 4
    assert lines.position(lines.text.index("d")) == types.Position(0, 6)
    assert lines.position(lines.text.index("f")) == types.Position(2, 0)


def test_rows_and_columns_beyond_the_text_are_its_nearest_place() -> None:
    lines = Lines("ab\ncd", "utf-16")
    assert lines.position_of(1, 99) == types.Position(0, 2)
    assert lines.position_of(99, 1) == types.Position(1, 2)
    assert lines.position_of(0, 0) == types.Position(0, 0)


def test_the_middle_of_a_surrogate_pair_is_its_start() -> None:
    lines = Lines("a🙂b", "utf-16")
    assert [lines.offset(types.Position(0, unit)) for unit in range(5)] == [0, 1, 1, 2, 3]


def test_a_huge_line_is_quick() -> None:
    lines = Lines("é" * 3_000_000 + "🙂", "utf-16")
    assert lines.offset(lines.position(3_000_000)) == 3_000_000
    assert lines.position(len(lines.text)) == types.Position(0, 3_000_002)
