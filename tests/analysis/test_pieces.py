"""Statements that are parsed at once are those that each would be by itself."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import libcst as cst
import pytest
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.syntax.parse import parse
from keras_memlint.analysis.syntax.pieces import LARGE, MAX_PIECE, Piece, parse_piece, parse_statements
from keras_memlint.analysis.text.source import Source
from keras_memlint.analysis.text.tokens import split_statements

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


def test_a_string_may_end_in_a_line_that_looks_like_a_comment() -> None:
    text = "x = 1\n'''x = 2\n# not in use'''\n\ny = 3\n"
    assert len(at_once(text)) == 3
    assert parse(Source("train.py", text)).broken == []


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


def test_libcst_is_as_it_was_for_others() -> None:
    parse(Source("train.py", "x = 1\ny = 2\n"))
    assert sys.modules["libcst"] is cst
    assert isinstance(cst.parse_module("x = 1\n").body[0], cst.SimpleStatementLine)
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


def test_libcst_may_be_imported_behind_a_parse() -> None:
    code = """
import sys
from keras_memlint.analysis.syntax.parse import parse
from keras_memlint.analysis.text.source import Source
source = Source("train.py", "x = 1\\ny = (\\n")
errors = [piece.error for piece in parse(source).pieces]
assert errors == [None, "invalid syntax"], errors
assert "libcst" not in sys.modules
import libcst
assert type(libcst.parse_module("x = 1\\n").body[0]) is libcst.SimpleStatementLine
assert [piece.error for piece in parse(source).pieces] == errors
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(
    not hasattr(cst, "TemplatedString"), reason="this libcst is older than those whose classes are named here"
)
def test_a_libcst_to_come_is_used_as_documented() -> None:
    code = """
import importlib.util

def refuse(spec):
    raise ImportError("may be loaded once only")

importlib.util.module_from_spec = refuse
from keras_memlint.analysis.syntax import concrete
from keras_memlint.analysis.syntax.parse import parse
from keras_memlint.analysis.text.source import Source
import libcst
assert concrete.kinds is libcst
text = "@d\\nclass A(B):\\n    def f(self, *a, b=1, **c):\\n        return [x + 1 for x in a if b][0]\\nz = 1\\ny = (\\n"
pieces = parse(Source("train.py", text)).pieces
print([piece.error for piece in pieces], [type(node).__name__ for piece in pieces for node in piece.statements])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[None, None, 'invalid syntax'] ['ClassDef', 'Assign']\n"


def test_threads_do_not_see_each_other_s_parser() -> None:
    text = "".join(f"x{number} = f({number})[{number}]\n" for number in range(300))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: parse(Source("train.py", text)), range(8)))
    assert {type(statement) for parsed in found for statement in parsed.statements} == {tree.Assign}
    assert sys.modules["libcst"] is cst


@pytest.mark.parametrize(
    "text",
    [
        "match f(x, (a)):\n    case [1, *_, {'a': (b), **rest}, P(x=0, y=(1 | 2)) as p, _, None, (c), -1] if g(1):\n        h(2)\n",
        "match x:\n    case (_) | a.b | 's' 't':\n        pass\n    case a.P(1, b=(*_, 2)):\n        pass\n",
        "type X[T: (int, str) = int, *Ts, **P] = list[T]\n",
        "def f[T: int](a, /, b=1, *c, d, **e) -> int: return (yield)\n",
        "class A[T](B, metaclass=C): pass\n",
        "x[*a, f(b)]\n",
        "for y in *a, (*b, c): pass\n",
    ],
)
def test_the_tokens_of_what_is_not_lowered_are_counted(text: str) -> None:
    (piece,) = parse(Source("train.py", text)).pieces
    assert piece.error is None
    assert piece.tokens is not None


def test_a_statement_too_long_is_set_aside_as_a_whole() -> None:
    table = "table = [\n" + "    [1, 2, 3],\n" * (MAX_PIECE // 15) + "]\n"
    parsed = parse(Source("train.py", f"{table}model = build()\n"))
    assert [piece.error for piece in parsed.broken] == ["statement too long"]
    assert len(parsed.statements) == 1
    cut = parse(Source("train.py", f"{table[:-2]}model = build()\n"))  # its bracket is still to be typed
    assert any(isinstance(one, tree.Assign) for one in cut.statements)
