"""Notebooks: which cells are read, how they are joined, and what damaged ones give."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.notebook import NotANotebookError, join_cells, read_notebook
from keras_memlint.analysis.text.source import Cell


def notebook(*cells: object, **keys: object) -> str:
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, **keys})


def code(source: object, **keys: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, **keys}


def read(text: str) -> list[tuple[int, str]]:
    return [(cell.index, cell.source) for cell in read_notebook(text)]


def test_code_cells_keep_their_index_among_all_cells() -> None:
    text = notebook(
        {"cell_type": "markdown", "source": "# x"}, code(["a\n", "b"]), {"cell_type": "raw"}, code("c\n")
    )
    assert read(text) == [(1, "a\nb"), (3, "c\n")]


def test_joined_cells_are_apart_by_one_newline() -> None:
    source = join_cells("a.ipynb", [(0, "a"), (2, "b\n"), (3, ""), (5, "c\r")])
    assert source.text == "a\nb\n\nc\r\n"
    assert source.cells == (Cell(0, 0, 1), Cell(2, 2, 4), Cell(3, 4, 4), Cell(5, 5, 7))
    assert [source.location(cell.start).cell for cell in source.cells] == [0, 2, 3, 5]
    assert {source.location(cell.start).row for cell in source.cells} == {1}


@pytest.mark.parametrize(
    "cell",
    [
        None,
        1,
        [],
        {},
        "x = 1",
        {"cell_type": "code"},
        {"source": "x = 1"},
        code(None),
        code({"a": 1}),
        code(["a\n", None]),
        code([["a"]]),
        code("x = '\ud800'"),
        code(["x = '\0'"]),
        {"cell_type": None, "source": "x"},
        code("ls", metadata={"vscode": {"languageId": "shellscript"}}),
    ],
)
def test_odd_cells_are_skipped_and_counted(cell: object) -> None:
    assert read(notebook(cell, code("y"))) == [(1, "y")]


@pytest.mark.parametrize(
    "metadata", [None, 1, [], {}, {"vscode": None}, {"vscode": {"languageId": "python"}}]
)
def test_odd_metadata_of_a_cell_does_not_matter(metadata: object) -> None:
    assert read(notebook(code("y", metadata=metadata))) == [(0, "y")]


@pytest.mark.parametrize(
    ("metadata", "python"),
    [
        (None, True),
        ([], True),
        ({"kernelspec": None, "language_info": 3}, True),
        ({"kernelspec": {"language": "python"}}, True),
        ({"language_info": {"name": "Python"}}, True),
        ({"kernelspec": {"language": "R"}}, False),
        ({"language_info": {"name": "julia"}, "kernelspec": {"language": "python"}}, False),
        ({"language_info": {"name": "python"}, "kernelspec": {"language": ""}}, True),
    ],
)
def test_notebooks_of_other_languages_have_no_cells(metadata: object, python: bool) -> None:
    assert bool(read(notebook(code("y"), metadata=metadata))) is python


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON (line 1, column 1)"),
        ("x = 1", "is not JSON (line 1, column 1)"),
        ('{"cells": [],\n "nbformat": 4', "is not JSON (line 2, column 15)"),
        ('{"cells": [], "nbformat": 4} {}', "is not JSON (line 1, column 30)"),
        ('{"cells": [1,], "nbformat": 4}', "is not JSON (line 1, column 14)"),
        ("{1: 2}", "is not JSON (line 1, column 2)"),
        ('{"a": ' + "9" * 5000 + "}", None),
        ("[]", "is JSON but no notebook"),
        ("null", "is JSON but no notebook"),
        ('{"name": "package"}', "is JSON but no notebook"),
        ('{"cells": [], "nbformat": "4"}', "is JSON but no notebook"),
        (
            '{"worksheets": [{"cells": []}], "nbformat": 3}',
            "is a notebook of format 3, only format 4 is read",
        ),
        ('{"nbformat": 4}', "is a notebook without a list of cells"),
        ('{"nbformat": 4, "cells": {}}', "is a notebook without a list of cells"),
        ('{"nbformat": 4, "cells": [], "cells": null}', "is a notebook without a list of cells"),
        ("[" * 100_000, "is nested too deeply to be a notebook"),
        ('{"cells": [{"outputs": ' + "[" * 100_000, "is nested too deeply to be a notebook"),
    ],
)
def test_what_is_no_notebook_says_why(text: str, reason: str | None) -> None:
    with pytest.raises(NotANotebookError) as caught:
        read_notebook(text)
    if reason is not None:
        assert str(caught.value) == reason


def test_of_equal_keys_the_last_one_holds() -> None:
    cell = '{"cell_type": "code", "source": ["old"], "source": "new"}'
    assert read(f'{{"cells": [], "nbformat": 3, "cells": [{cell}], "nbformat": 4}}') == [(0, "new")]


def test_literals_stand_where_they_say() -> None:
    text = ' { "nbformat" : 4 ,\n"cells":[ { "source" : [ "a\\n" , "\\u00e9\\"" ] , "cell_type":"code"} ] } '
    (cell,) = read_notebook(text)
    assert text[cell.start : cell.end] == '[ "a\\n" , "\\u00e9\\"" ]'
    assert [text[line.start : line.end] for line in cell.lines] == ['"a\\n"', '"\\u00e9\\""']
    assert cell.source == 'a\né"'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cells", "source", "cell_type", "metadata", "nbformat", "vscode"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values, st.sampled_from([None, 1]))
def test_any_json_is_read_or_refused(value: object, indent: int | None) -> None:
    text = json.dumps(
        {"nbformat": 4, "cells": [value, code(value), code("x")], "metadata": value}, indent=indent
    )
    cells = read_notebook(text)
    assert [cell.source for cell in cells if cell.index == 2] in (["x"], [])
    for cell in cells:
        assert "".join(json.loads(text[line.start : line.end]) for line in cell.lines) == cell.source
    try:
        assert read_notebook(json.dumps(value)) == () or isinstance(value, dict)
    except NotANotebookError as error:
        assert str(error)


def test_large_outputs_are_not_kept() -> None:
    picture = "A" * 2_000_000
    cells: list[Any] = [
        code(f"x = {number}\n", outputs=[{"data": {"image/png": picture}}]) for number in range(10)
    ]
    text = notebook(*cells)
    tracemalloc.start()
    started = time.perf_counter()
    found = read_notebook(text)
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 10
    assert peak < 3 * len(picture)
    assert seconds < 2
