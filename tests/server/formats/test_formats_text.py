"""The two formats for people, and the marks below a line of code."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_memlint.analysis.text.printable import one_line, width
from keras_memlint.rules.diagnostic import DiagnosticFix, Position
from keras_memlint.server.formats import NAMES, concise, full, renderer
from keras_memlint.server.formats.text import WIDEST, marked

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def text(report: Any, colour: bool = False) -> str:
    return "\n".join(full.render(report, colour=colour))


def test_full_shows_line_mark_cause_and_cure(make_report: Any, finding: Any, safe: Any) -> None:
    assert text(make_report(finding, safe)) == (
        'größe 数据/train: 1,5 %.py:3:21 warning KM203: buffer holds "images", 100 % of it: all (33.6 GiB)\n'
        "  |\n"
        "3 | ds = ds.map(decode).shuffle(len(paths))\n"
        "  |                     ^^^^^^^^^^^^^^^^^^^\n"
        "  note: elements become arrays here, data/läden.py:12:14\n"
        "  help: shuffle 1,024 elements at a time\n"
        "\n"
        "größe 数据/train: 1,5 %.py:3:9 info KM209: elements are decoded one after the other\n"
        "  |\n"
        "3 | ds = ds.map(decode).shuffle(len(paths))\n"
        "  |         ^^^\n"
        "  help: [*] add `num_parallel_calls=tf.data.AUTOTUNE`\n"
        "\n"
        "Found 2 findings in 2 files: 1 warning, 1 info.\n"
        "[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes."
    )


def test_concise_is_one_line_a_finding(make_report: Any, finding: Any, safe: Any, in_cell: Any) -> None:
    lines = list(concise.render(make_report(finding, safe, in_cell), colour=False))
    assert lines == [
        'größe 数据/train: 1,5 %.py:3:21 warning KM203: buffer holds "images", 100 % of it: all (33.6 GiB)',
        "größe 数据/train: 1,5 %.py:3:9 info KM209: elements are decoded one after the other [*]",
        "nb.ipynb:cell 5:1:9 info KM209: elements are decoded one after the other [*]",
    ]


@pytest.mark.parametrize("name", ["full", "concise"])
def test_colour_changes_no_character(make_report: Any, finding: Any, safe: Any, name: str) -> None:
    report = make_report(finding, safe)
    plain = list(renderer(name)(report, colour=False))
    coloured = list(renderer(name)(report, colour=True))
    assert [ESCAPES.sub("", line) for line in coloured] == plain
    assert coloured != plain


def test_notebook_shows_the_line_of_the_cell_and_says_how_cells_count(make_report: Any, in_cell: Any) -> None:
    shown = text(make_report(in_cell))
    assert shown.startswith("nb.ipynb:cell 5:1:9 info KM209")
    assert "\n1 | ds = ds.map(f)\n  |         ^^^\n  note: made here, nb.ipynb:cell 3:1:1\n" in shown
    assert shown.endswith("Cells of notebooks are counted from 1, Markdown cells included.")


def test_no_finding_says_so(make_report: Any) -> None:
    assert text(make_report(files=1)) == "No findings in 1 file."


def test_counts_have_their_plurals(make_report: Any, finding: Any) -> None:
    bare = replace(finding, fixes=())
    worse = replace(bare, severity="error")
    shown = text(make_report(bare, bare, worse, files=1200))
    assert shown.endswith("Found 3 findings in 1,200 files: 1 error, 2 warnings.")


def test_what_a_fix_costs_is_said_once(make_report: Any, finding: Any) -> None:
    fix = DiagnosticFix("unsafe", "shuffle less (unsafe: shuffles less)", ())
    shown = text(make_report(replace(finding, fixes=(fix,), help="pass a shorter buffer")))
    assert "  help: pass a shorter buffer\n  help: shuffle less (unsafe: shuffles less)\n" in shown


def test_span_over_lines_is_marked_to_the_end_of_its_first(make_report: Any, finding: Any) -> None:
    several = replace(finding, location=Position(1, 4), end_location=Position(3, 2))
    shown = text(make_report(several, texts={finding.filename: "ds.shuffle(  \n  n,\n)\n"}))
    assert "\n1 | ds.shuffle(\n  |    ^^^^^^^^\n" in shown


def test_a_file_that_is_gone_costs_only_its_line(make_report: Any, finding: Any) -> None:
    shown = text(make_report(replace(finding, filename="gone.py")))
    assert "KM203" in shown
    assert "|" not in shown


def test_a_file_that_shrank_costs_only_its_line(make_report: Any, finding: Any) -> None:
    assert "|" not in text(make_report(finding, texts={finding.filename: "x"}))


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "carets"),
    [
        ("\tx = f()", 5, 6, "    x = f()", "        ^"),
        ("数据 = 读(路径)", 5, 6, "数据 = 读(路径)", "       ^^"),
        ("e\u0301 = f()", 5, 6, "e\u0301 = f()", "    ^"),
        ("x = f()", 7, 7, "x = f()", "       ^"),
        ("x = f()", 90, 95, "x = f()", "       ^"),
        ("s = '\x1b[2J\u202e'", 0, 1, "s = '\u241b[2J\ufffd'", "^"),
    ],
)
def test_marks_stand_below_their_characters(line: str, start: int, end: int, shown: str, carets: str) -> None:
    assert marked(line, start, end) == (shown, carets)


def test_long_line_is_cut_around_the_mark() -> None:
    line = "a" * 500 + "HERE" + "b" * 500
    shown, carets = marked(line, 500, 504)
    assert shown[0] == shown[-1] == "…"
    assert len(shown) <= WIDEST
    assert shown[len(carets) - 4 : len(carets)] == "HERE"


def test_mark_longer_than_the_window_ends_with_it() -> None:
    shown, carets = marked("x" * 1000, 10, 990)
    assert len(carets) <= len(shown) == WIDEST - 1


@given(st.text(st.characters(exclude_characters="\r\n")), st.integers(0, 400), st.integers(0, 400))
def test_nothing_drives_the_terminal_and_the_mark_stays_inside(line: str, start: int, end: int) -> None:
    shown, carets = marked(line, start, end)
    columns = sum(map(width, shown))
    assert columns <= WIDEST
    assert len(carets) <= columns + 1
    assert carets.endswith("^")
    assert not any(c < " " or c == "\x7f" for c in shown)


@given(st.text())
def test_one_line_is_one_line(value: str) -> None:
    assert len(one_line(value).splitlines()) <= 1


def test_every_name_has_a_format(make_report: Any, finding: Any) -> None:
    for name in NAMES:
        assert list(renderer(name)(make_report(finding), colour=False))
    with pytest.raises(KeyError):
        renderer("xml")
