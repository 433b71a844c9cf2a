"""IPython lines: which ones are hidden from the parser, and what is left in their place."""

from __future__ import annotations

import ast
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.magics import is_python_cell, neutralise_cell, neutralise_magics
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!pip install x\nx = 1", "##############\nx = 1"),
        ("  %matplotlib inline\r\nx = 1", "  " + "#" * 18 + "\r\nx = 1"),
        ("!a \\\n  'b\nx = 1\n", "####\n####\nx = 1\n"),
        ("if a:\n    !pip\nx = 1", "if a:\n    pass\nx = 1"),
        (
            "if a:  # why\n\n    # b\n    %cd data\n    !ls\n",
            "if a:  # why\n\n    # b\n    pass####\n    ###\n",
        ),
        ("if a:\n  !x\nelse:\n  ?\n", "if a:\n  00\nelse:\n  0\n"),
        ("x = !ls *.py\ny = 1", "x = ________\ny = 1"),
        ("a, b.c, d['e'] = %timeit -o f()", "a, b.c, d['e'] = ______________"),
        ("x = !ls \\\n  -l\n", "x = _____\n####\n"),
        ("%time h = model.fit(x,\n  y)\n", "pass; h = model.fit(x,\n  y)\n"),
        ("if a:\n  %time   f()\n", "if a:\n  pass  ; f()\n"),
        ("%time for x in y: pass\n", "#" * 22 + "\n"),
        ("model.fit?\n?model\nnp.*load*??  \n", "##########\n######\n#############\n"),
        ("pip install tensorflow\ncd data\n", "#" * 22 + "\n#######\n"),
    ],
)
def test_hidden(text: str, expected: str) -> None:
    assert neutralise_magics(text) == expected
    ast.parse(expected)


@pytest.mark.parametrize(
    "text",
    [
        '"""\n!pip install x\n%cd\nwhat?\n"""\n',
        "'''x = %s\n!y'''\n",
        "x = (a\n% b\n% c)\n",
        "x = a \\\n% b\n",
        "# why?\n# !pip\n",
        "print('x = %s' % x)\n",
        "pip = conda = cd = 1\ncd / 2\ncd in x\npip [0]\n",
        "x != 1\nx %= 2\n",
        "f(a, # really?\n  b)\n",
    ],
)
def test_python_stays(text: str) -> None:
    assert neutralise_magics(text + "!x\n") == text + "##\n"
    assert neutralise_magics(text) == text


def test_a_forgotten_bracket_hides_no_magic_for_ever() -> None:
    assert neutralise_magics("x = f(\nimport a\n!b\n") == "x = f(\nimport a\n##\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%bash\nls | wc\n\nexit", "######\n#######\n\n####"),
        ("\n \n%%writefile a.py\nimport a", "\n#\n" + "#" * 16 + "\n########"),
        ("%%time\n%%capture out\nx = 1\n!y", "######\n#############\nx = 1\n##"),
        ("%%time\n%%bash\nls", "######\n######\n##"),
        ("%%time", "######"),
        ("x = 1\n%%bash\ny = 2", "x = 1\n######\ny = 2"),
    ],
)
def test_cell_magics(text: str, expected: str) -> None:
    assert neutralise_cell(text) == expected


def test_cells_that_are_not_python() -> None:
    assert [is_python_cell(text) for text in ("x", "%%time\nx", "%%bash\nx", "\n%%html", "!ls")] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_source_code_goes_cell_by_cell() -> None:
    source = join_cells("a.ipynb", [(0, "%%bash\nx = ("), (1, "y = '''"), (2, "!ls\nz = 1")])
    assert source.code == "######\n#####\ny = '''\n###\nz = 1\n"
    assert Source("a.py", "%%bash\nx = 1").code == "######\nx = 1"


line = st.sampled_from(
    [
        "!ls 'x",
        "%cd a",
        "%%bash",
        "x = !ls",
        "%time f(",
        "a?",
        "if x:",
        "  y = 1",
        "  !z",
        ")",
        '"""',
        "# c",
        "",
        "é = %x",
    ]
)
texts = st.lists(st.tuples(line, st.sampled_from(["\n", "\r\n", "\r", "\\\n"])), max_size=12).map(
    lambda pairs: "".join(text + ending for text, ending in pairs)
) | st.text(alphabet="!%?=\\\r\n\t \f\"'([])#ax:;", max_size=30)


@settings(max_examples=400, deadline=None)
@given(texts)
def test_length_lines_and_repetition(text: str) -> None:
    for hide in (neutralise_magics, neutralise_cell):
        hidden = hide(text)
        assert len(hidden) == len(text)
        assert re.findall(r"\r\n|\r|\n", hidden) == re.findall(r"\r\n|\r|\n", text)
        assert [m.start() for m in re.finditer(r"[\r\n]", hidden)] == [
            m.start() for m in re.finditer(r"[\r\n]", text)
        ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab=(),'\"#\n \\1+:", max_size=40))
def test_python_is_never_changed(text: str) -> None:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return
    assert neutralise_magics(text + "\n!x")[: len(text)] == text


@pytest.mark.parametrize(
    "text",
    [
        "\r\n" * 50_000 + "!x",
        "\n" * 50_000 + "x\n!x",
        " " * 50_000 + "!x",
        "!x\n" + "a, " * 30_000,
        "!x\n" + "a[" * 5_000,
        "if x:\n  !a\n" * 5_000,
        "!" + "\\\n" * 20_000,
        "x = " + " " * 50_000 + "!",
        "x" + "? " * 20_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    assert len(neutralise_cell(text)) == len(text)
    assert time.perf_counter() - started < 2
