"""A changed notebook differs from the old one in the changed source lines, byte for byte."""

from __future__ import annotations

import json
import time
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.notebook import read_notebook
from keras_memlint.fixes.notebook_text import rewrite_cells


def rewritten(text: str, sources: dict[int, str]) -> str:
    new = rewrite_cells(text, read_notebook(text), sources)
    wanted = {cell.index: cell.source for cell in read_notebook(text)} | sources
    assert {cell.index: cell.source for cell in read_notebook(new)} == wanted
    return new


def notebook(*sources: str | list[str], **how: Any) -> str:
    cells = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}
        for source in sources
    ]
    content = {"cells": cells, "metadata": {"authors": [{"name": "Zoë"}]}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(content, **how)


JUPYTER: dict[str, Any] = {"indent": 1, "ensure_ascii": False}


def source_block(text: str) -> str:
    """The first source array as it is written."""
    return text[text.index('"source": ') : text.index("]", text.index('"source": ')) + 1]


@pytest.mark.parametrize(
    ("new", "block"),
    [
        ("a\nB\nc", '"source": [\n    "a\\n",\n    "B\\n",\n    "c"\n   ]'),
        ("a\nb\nc\nd", '"source": [\n    "a\\n",\n    "b\\n",\n    "c\\n",\n    "d"\n   ]'),
        ("new\na\nb\nc", '"source": [\n    "new\\n",\n    "a\\n",\n    "b\\n",\n    "c"\n   ]'),
        ("a\nb\n", '"source": [\n    "a\\n",\n    "b\\n"\n   ]'),
        ("a\nc", '"source": [\n    "a\\n",\n    "c"\n   ]'),
        ("c", '"source": [\n    "c"\n   ]'),
        ("", '"source": []'),
    ],
)
def test_arrays_of_lines(new: str, block: str) -> None:
    text = notebook(["a\n", "b\n", "c"], ["other\n"], **JUPYTER)
    changed = rewritten(text, {0: new})
    assert source_block(changed) == block
    assert changed.replace(block, "") == text.replace(source_block(text), "")
    nbformat.validate(nbformat.reads(changed, as_version=4))


@pytest.mark.parametrize(
    ("how", "before", "after"),
    [
        (JUPYTER, [], '"source": [\n    "x\\n",\n    "y"\n   ]'),
        ({"indent": 2}, [], '"source": [\n        "x\\n",\n        "y"\n      ]'),
        ({}, [], '"source": ["x\\n", "y"]'),
        ({}, ["z"], '"source": ["x\\n", "y"]'),
        ({"separators": (",", ": ")}, ["a\n", "b"], '"source": ["x\\n","y"]'),
        ({}, [""], '"source": ["x\\ny"]'),
    ],
)
def test_arrays_that_grow(how: dict[str, Any], before: list[str], after: str) -> None:
    changed = rewritten(notebook(before, **how), {0: "x\ny"})
    assert source_block(changed) == after


def test_strings_are_changed_in_place() -> None:
    text = '{"cells": [{"source": "\\u00e9\\/\\n\\tb = \\u0031\\nc\\u000a", "cell_type": "code"}], "nbformat": 4}'
    changed = rewritten(text, {0: "é/\n\tb = 2\nc\n"})
    assert changed == text.replace("b = \\u0031", "b = 2")


def test_strings_cut_in_odd_places_keep_their_cuts() -> None:
    text = notebook(["a = ", "1\nb", " = 2\n", "", "c\n", "d"])
    assert source_block(rewritten(text, {0: "a = 1\nb = 3\nc\nd"})) == (
        '"source": ["a = ", "1\\nb = 3\\n", "", "", "c\\n", "d"]'
    )
    assert source_block(rewritten(text, {0: "a = 1\nb = 2\nc\nnew\nd"})) == (
        '"source": ["a = ", "1\\nb", " = 2\\n", "", "c\\nnew\\n", "d"]'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"cells": [{"source": ["a\\n", "b"], "cell_type": "code"}], "nbformat": 4}', '"é"'),
        (
            '{"cells": [{"source": ["a\\n", "b"], "cell_type": "code"}], "nbformat": 4, "m": "\\u00e9"}',
            '"\\u00e9"',
        ),
        (
            '{"cells": [{"source": ["a\\n", "b"], "cell_type": "code"}], "nbformat": 4, "m": "\\u001b\\\\u00e9"}',
            '"é"',
        ),
        (
            '{"cells": [{"source": ["a\\n", "b"], "cell_type": "code"}], "nbformat": 4, "m": "\\u00e9ö"}',
            '"é"',
        ),
    ],
)
def test_escapes_follow_the_file(text: str, expected: str) -> None:
    assert rewritten(text, {0: "a\né"}) == text.replace('"b"', expected)


def test_other_lines_keep_their_escapes() -> None:
    lines = ['"\\u0061\\n"', '"\\u00e9\\/\\n"', '"old\\n"', '"\\ud83d\\ude00\\n"', '"\\u0062"']
    text = '{"cells":[{"cell_type":"code","source":[' + " ,\n".join(lines) + ']}],"nbformat":4}'
    changed = rewritten(text, {0: "a\né/\nnew\n😀\nb"})
    assert changed == text.replace("old", "new")


def test_of_equal_keys_the_one_that_holds_is_changed() -> None:
    text = '{"cells": [{"source": "a", "cell_type": "code", "source": "a"}], "nbformat": 4}'
    assert rewritten(text, {0: "b"}) == text[::-1].replace('"a"', '"b"', 1)[::-1]


source_lines = st.lists(st.sampled_from(["a\n", "b\n", 'é = "\\"\n', "\n", "😀\r\n", "x"]), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(source_lines | st.text(alphabet='aé😀"\\\n\r\u2028', max_size=8), min_size=1, max_size=3),
    st.data(),
    st.sampled_from([{"indent": 1, "ensure_ascii": False}, {"indent": 2}, {}, {"separators": (",", ":")}]),
)
def test_nothing_else_changes(
    sources: list[list[str] | str], data: st.DataObject, how: dict[str, Any]
) -> None:
    text = notebook(*sources, **how)
    number = data.draw(st.integers(0, len(sources) - 1))
    new = data.draw(source_lines.map("".join) | st.text(alphabet='ab"\\\né', max_size=8))
    changed = rewritten(text, {number: new})
    cell = read_notebook(text)[number]
    assert changed.startswith(text[: cell.start])
    assert changed.endswith(text[cell.end :])
    before, after = json.loads(text), json.loads(changed)
    assert type(after["cells"][number]["source"]) is type(before["cells"][number]["source"])
    for content in (before, after):
        del content["cells"][number]["source"]
    assert before == after
    nbformat.validate(nbformat.reads(changed, as_version=4))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.sets(st.integers(0, 11)))
def test_strings_of_unchanged_lines_stay(numbers: list[int], changed_rows: set[int]) -> None:
    """Written with escapes that no writer of JSON would choose, so that a rewritten one shows."""
    literals = [f'"\\u0061{row}{number}\\u000a"' for row, number in enumerate(numbers)]
    text = '{"cells":[{"cell_type":"code","source":[' + ", ".join(literals) + ']}],"nbformat":4}'
    lines = [f"a{row}{number}\n" for row, number in enumerate(numbers)]
    new = [f"new{row}\n" if row in changed_rows else line for row, line in enumerate(lines)]
    expected = [f'"new{row}\\n"' if row in changed_rows else literal for row, literal in enumerate(literals)]
    assert rewritten(text, {0: "".join(new)}) == text.replace(", ".join(literals), ", ".join(expected))


def test_a_large_notebook_takes_little_time() -> None:
    cell = {"cell_type": "code", "outputs": [{"data": {"image/png": "A" * 200_000}}], "source": ["x\n"] * 50}
    text = json.dumps({"cells": [cell] * 100, "nbformat": 4}, indent=1)
    started = time.perf_counter()
    changed = rewrite_cells(text, read_notebook(text), dict.fromkeys(range(100), "y\n" + "x\n" * 49))
    assert time.perf_counter() - started < 3
    assert (len(changed), changed.count('"y\\n"')) == (len(text), 100)


def test_many_changed_lines_take_little_time() -> None:
    text = notebook(["x\n", "y\n"] * 10_000)
    started = time.perf_counter()
    rewrite_cells(text, read_notebook(text), {0: "import z\n" + "y\nx\n" * 10_000})
    assert time.perf_counter() - started < 3
