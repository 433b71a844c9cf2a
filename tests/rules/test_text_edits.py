"""Edits go from offsets to rows and columns and back, inside their notebook cell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.apply import edit_source
from keras_memlint.fixes.edits import Edit, Way
from keras_memlint.rules.diagnostic import DiagnosticFix, Position, TextEdit
from keras_memlint.rules.positions import to_edit, to_offset, to_text_edit, to_way


def test_rows_and_columns_start_at_one() -> None:
    edit = to_text_edit(Source("a.py", "é😀\r\nb\rc"), Edit(1, 5, "x"))
    assert edit == TextEdit(Position(1, 2), Position(2, 2), "x", None)


def test_rows_count_inside_the_cell() -> None:
    source = join_cells("a.ipynb", [(2, "a\nb\n"), (5, "c\nd")])
    assert to_text_edit(source, Edit(6, 7, "")) == TextEdit(Position(2, 1), Position(2, 2), "", 5)


def test_the_last_line_of_a_cell_ends_in_its_own_cell() -> None:
    source = join_cells("a.ipynb", [(2, "a\nb\n"), (5, "c\nd")])
    edit = to_text_edit(source, Edit(2, 4, ""))
    assert edit == TextEdit(Position(2, 1), Position(3, 1), "", 2)
    assert edit_source(source, [to_edit(source, edit)]).text == "a\nc\nd\n"


def test_fixes_come_back() -> None:
    source = Source("a.py", "x = 1\n")
    fix = DiagnosticFix(
        "unsafe", "do it (unsafe: other order)", (TextEdit(Position(1, 5), Position(1, 6), "2"),)
    )
    assert to_way(source, fix) == Way(False, (Edit(4, 5, "2"),))


@pytest.mark.parametrize(
    ("row", "column", "cell"), [(0, 1, None), (9, 1, None), (1, 0, None), (2, 9, None), (1, 1, 7)]
)
def test_places_that_do_not_exist(row: int, column: int, cell: int | None) -> None:
    with pytest.raises(ValueError, match="no "):
        to_offset(Source("a.py", "a\nb"), Position(row, column), cell)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="aé😀\n\r", max_size=6), min_size=1, max_size=4), st.booleans(), st.data())
def test_there_and_back(texts: list[str], notebook: bool, data: st.DataObject) -> None:
    joined = join_cells("a.ipynb", enumerate(texts))
    source = joined if notebook else Source("a.py", joined.text)
    start = data.draw(st.integers(0, len(source.text) - 1))
    cell = source.cell_at(start)
    end = data.draw(st.integers(start, max(start, cell.end) if cell else len(source.text)))
    edit = Edit(start, end, "x")
    assert to_edit(source, to_text_edit(source, edit)) == edit
