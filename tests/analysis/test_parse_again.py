"""What is parsed after an edit is what would be parsed without knowing the text before it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.parse import ParseCache, Parsed, parse
from keras_memlint.analysis.syntax.pieces import LARGE
from keras_memlint.analysis.text.source import Source

BODY = '''\
        """Text.

    else: not a clause
        """
        if rows:
            found = [row for row in rows
                     if row]  # a comment
        else:
            found = {"a": (1, 2)}

        for row in found:
            yield row
        return found
'''
CLASS = "class Reader:\n" + "".join(
    f"    @property\n    def part_{at}(self, rows):\n{BODY}\n" for at in range(28)
)
FUNCTION = "def train(rows):\n" + "".join(
    f"    if rows == {at}:\n        model.fit(rows, epochs={at})\n        print('''{at}\nelse:\n''')\n\n"
    for at in range(50)
)
TEXT = f"import keras\n\n\n{CLASS}\n# between\n\n{FUNCTION}\nfor at in range(3):\n    train(at)\ntrain(4)"
TYPED = [
    "x",
    " ",
    "(",
    ")",
    "[",
    "'",
    '"',
    '"""',
    "\n",
    "\\",
    "#",
    "else:\n",
    "    yield 1\n",
    "@",
    "def f():\n",
]


def parts(parsed: Parsed) -> object:
    """All that tells two parses apart."""

    def of(node: object) -> object:
        if isinstance(node, tuple):
            return [of(one) for one in node]
        if isinstance(node, tree.Node):
            generates = getattr(node, "is_generator", None)
            return [type(node), node.a, node.b, node.piece.start, generates, *map(of, tree.parts(node))]
        return node

    return [(one.start, one.text, one.error) for one in parsed.pieces], of(parsed.statements)


def test_the_text_has_large_statements() -> None:
    assert len(CLASS) > 2 * LARGE
    assert len(FUNCTION) > LARGE


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_edits(data: st.DataObject) -> None:
    cache = ParseCache()
    text = TEXT
    parse(Source("x.py", text), cache)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.sampled_from([0, 0, 0, 1, 30, 400]))
        text = text[:at] + data.draw(st.sampled_from(["", *TYPED])) + text[at + gone :]
        assert parts(parse(Source("x.py", text), cache)) == parts(parse(Source("x.py", text)))


def test_a_statement_that_is_as_it_was_is_the_same_object() -> None:
    cache = ParseCache()
    before = parse(Source("x.py", TEXT), cache)
    after = parse(Source("x.py", TEXT.replace("train(4)", "train(5)")), cache)
    assert [a is b for a, b in zip(before.statements, after.statements, strict=True)] == [True] * 4 + [False]


def test_moved_text_has_its_new_place() -> None:
    cache = ParseCache()
    parse(Source("x.py", TEXT), cache)
    source = Source("x.py", f"import os\n{TEXT}")
    parsed = parse(source, cache)
    assert all(piece.source is source for piece in parsed.pieces)
    assert "".join(source.text[one.start : one.start + len(one.text)] for one in parsed.pieces) == "".join(
        one.text for one in parsed.pieces
    )


def test_text_that_occurs_twice() -> None:
    cache = ParseCache()
    parse(Source("x.py", TEXT), cache)
    twice = f"{TEXT}\n\n\n{CLASS}\n{FUNCTION}"
    assert parts(parse(Source("x.py", twice), cache)) == parts(parse(Source("x.py", twice)))
    assert parts(parse(Source("x.py", TEXT), cache)) == parts(parse(Source("x.py", TEXT)))
