"""Long tables are parsed in groups, which must not be seen in the tree, in places, or around a mistake."""

import pytest
from keras_memlint.analysis.syntax import parse as parsing
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.parse import ParseCache, parse
from keras_memlint.analysis.text.source import Source

ROWS = [f'    "key{i}": [{i}, -2.5, "a, ]b", (1, 2), {{"z": {i}}}],  # ], c\n' for i in range(300)]
DICT = "TABLE = {\n" + "".join(ROWS) + "}\n"
LIST = "rows = np.array([\n" + "".join(f"    [{i}, *more, None],\n" for i in range(900)) + "], dtype='f')\n"
INSIDE = "def table():\n    x = 1\n    return " + DICT.replace("\n", "\n    ").partition("= ")[2]
LAMBDAS = LIST.replace("None]", "lambda a, b: a], f'{a}, {b}', lambda c, d: c")
COMPREHENSION = "rows = [x for x in [" + "1, " * 4000 + "]]\n"
BRACKETS = "rows = ([" + "'a', " * 3000 + "])\n"


def outline(text, monkeypatch, *, grouped):
    monkeypatch.setattr(parsing, "_LONG_DISPLAY", 8_000 if grouped else 10**9)
    parsed = parse(Source("x.py", text))
    assert not parsed.broken
    return _outline(parsed.statements)


def _outline(part):
    if isinstance(part, tuple):
        return tuple(map(_outline, part))
    if isinstance(part, tree.Node):
        return type(part).__name__, part.piece.span(part), *map(_outline, tree.parts(part))
    return part


@pytest.mark.parametrize("text", [DICT, LIST, INSIDE, LAMBDAS, COMPREHENSION, BRACKETS])
def test_the_tree_and_its_places_are_those_of_the_whole(text, monkeypatch):
    same = outline(text, monkeypatch, grouped=True) == outline(text, monkeypatch, grouped=False)
    assert same  # compared beforehand: pytest would look for the difference for hours


@pytest.mark.parametrize("typed", ["7", '", "', "1, 2],\n    'new': ["])
def test_a_keystroke_parses_a_small_part_again(typed, monkeypatch):
    cache = ParseCache()
    parse(Source("x.py", DICT), cache)
    again = []
    real = parsing.parse_piece
    monkeypatch.setattr(parsing, "parse_piece", lambda text, kind: again.append(text) or real(text, kind))
    middle = DICT.index("[150") + 1
    parsed = parse(Source("x.py", DICT[:middle] + typed + DICT[middle:]), cache)
    assert 0 < sum(len(text.split()) for text in again) < len(DICT.split()) / 10
    assert len(ROWS) - 40 < len(parsed.statements[0].value.items) <= len(ROWS) + 1


def test_a_short_statement_is_not_taken_for_a_long_one():
    cache = ParseCache()
    for text in (DICT + "TABLE = {}\n", "TABLE = {}\n" + DICT):
        parsed = parse(Source("x.py", text), cache)
        assert sorted(len(one.value.items) for one in parsed.statements) == [0, len(ROWS)]
        assert [one.piece.text.rstrip() for one in parsed.statements] == [
            text[slice(*one.piece.span(one))] for one in parsed.statements
        ]


def test_a_mistake_hides_only_its_surroundings():
    parsed = parse(Source("x.py", DICT.replace("[150,", "[150 150,")))
    (statement,) = parsed.statements
    (broken,) = parsed.broken
    assert '"key150"' in broken.text
    assert len(ROWS) - 40 < len(statement.value.items) < len(ROWS)
    assert DICT[broken.start :].startswith(broken.text[:20])
