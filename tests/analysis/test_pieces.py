"""Statements that are parsed at once are those that each would be by itself."""

import libcst as cst
import pytest
from keras_memlint.analysis.parse import parse
from keras_memlint.analysis.pieces import LARGE, Piece, parse_piece, parse_statements
from keras_memlint.analysis.source import Source
from keras_memlint.analysis.tokens import split_statements

BLOCK = """\
import keras  # the first

@decorated
def build(width=3):
    return keras.Sequential([keras.layers.Dense(width)])
# a comment in between
if width: x = 1
else:
    x = 2
model = build(); model.fit(x)
"""


def at_once(text: str, start: int = 0) -> list[Piece]:
    return list(parse_statements(text, split_statements(text, start, len(text))))


@pytest.mark.parametrize("indent", ["", "    ", "\t"])
def test_the_statements_of_a_block_are_parsed_at_once(indent: str) -> None:
    text = "".join(indent + line if line.strip() else line for line in BLOCK.splitlines(keepends=True))
    header = "if here:\n"
    pieces = at_once(header + text, len(header))
    assert len(pieces) == 4
    for piece in pieces:
        alone = parse_piece(piece.text, "")
        assert alone.error is None
        assert piece.count == alone.count
        assert list(map(type, piece.statements)) == list(map(type, alone.statements))
        assert [piece.span(statement) for statement in piece.statements] == [
            alone.span(statement) for statement in alone.statements
        ]


def test_an_error_leaves_the_others_to_be_parsed_one_by_one() -> None:
    text = "x = 1\ny = (\nz = 3\n"
    assert at_once(text) == []
    parsed = parse(Source("train.py", text))
    assert [piece.error for piece in parsed.pieces] == [None, "invalid syntax", None]


def test_what_could_overflow_the_parser_is_not_among_them() -> None:
    deep = "deep = " + "[" * 200 + "]" * 200 + "\n"
    long = "long = " + " + ".join(["1"] * LARGE) + "\n"
    assert [piece.text for piece in at_once(f"a = 1\nb = 2\n{deep}c = 3\nd = 4\n{long}")] == [
        "a = 1\n",
        "b = 2\n",
        "c = 3\n",
        "d = 4\n",
    ]


def test_a_backslash_may_stand_before_an_empty_line() -> None:
    text = "print(1)\\\n\nprint(2)\n"
    assert parse(Source("train.py", text)).broken == []
    assert parse_piece("print(1)\\\n", "").error is None


def test_nodes_that_others_make_are_still_validated() -> None:
    parse(Source("train.py", "x = 1\ny = 2\n"))
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")
