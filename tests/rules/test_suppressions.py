"""Comments that switch findings off, as a pure function over a text and its findings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras_memlint.analysis.text.source import Cell, Source
from keras_memlint.fixes.edits import apply
from keras_memlint.rules.catalogue import reserved, rows
from keras_memlint.rules.diagnostic import Diagnostic, Position
from keras_memlint.rules.positions import to_edit
from keras_memlint.rules.suppressions import apply_suppressions

RULE, OTHER = (next(row for row in rows() if row.code == code) for code in ("KM209", "KM207"))
ALL = frozenset(row.code for row in rows() + reserved())


def finding(row: int, last_row: int = 0, *, cell: int | None = None, code: str = RULE.code) -> Diagnostic:
    name = next(known.name for known in rows() + reserved() if known.code == code)
    return Diagnostic(
        code, name, "info", "m", "train.py", Position(row, 1), Position(row, 2), cell=cell, last_row=last_row
    )


def repaired(source: Source, unused: list[Diagnostic]) -> str:
    edits = [to_edit(source, edit) for diagnostic in unused for edit in diagnostic.fixes[0].edits]
    return apply(source.text, edits)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#noqa",
        "# NoQA",
        "# noqa: KM209",
        "# noqa:KM209",
        "# noqa : km209",
        "# noqa: E501,KM209",
        "# noqa: E501 KM209",
        "# noqa: map-sequential",
        "# type: ignore  # noqa: KM209",
        "# the files are small # noqa: KM209",
        "# noqa: KM209 the files are small",
        "# memlint: ignore[KM209]",
        "# memlint: ignore[map-sequential]",
        "#memlint:ignore[ KM207 , KM209 ]",
        "# memlint: ignore",
        "# memlint: ignore # the files are small",
        "# noqa:",
    ],
)
def test_comment_holds_for_its_row(comment: str) -> None:
    kept, suppressed, _ = apply_suppressions(
        Source("train.py", f"a()  {comment}\nb()\n"), [finding(1), finding(2)], ALL
    )
    assert ([d.location.row for d in kept], [d.location.row for d in suppressed]) == ([2], [1])


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa: KM207",
        "# noqa: KM2",
        "# noqa: KM20",
        "# noqa: see the issue",
        "# noqa-not",
        "# noqatall",
        "# memlint: ignore[]",
        "# memlint: ignore[KM209",
        "# memlint: skip-files",
        "# memlint: ignore KM209",
        "# KM209",
    ],
)
def test_comment_holds_for_nothing_here(comment: str) -> None:
    kept, suppressed, _ = apply_suppressions(Source("train.py", f"a()  {comment}\n"), [finding(1)], ALL)
    assert (len(kept), suppressed) == (1, [])


def test_comment_inside_a_string_is_none() -> None:
    text = "a(\"# noqa\")\nb('''\n# noqa\n''')\nc(f\"{x} # memlint: skip-file\")\n"
    kept, suppressed, unused = apply_suppressions(
        Source("train.py", text), [finding(1), finding(3), finding(5)], ALL
    )
    assert (len(kept), suppressed, unused) == (3, [], [])


def test_comment_after_broken_code_is_one() -> None:
    text = "print 'x'\na(  # noqa: KM209\n"
    _, suppressed, _ = apply_suppressions(Source("train.py", text), [finding(2)], ALL)
    assert len(suppressed) == 1


def test_last_row_of_the_statement_counts_and_rows_between_do_not() -> None:
    text = "a(\n  1,  # noqa: KM207\n)  # noqa: KM209\n"
    diagnostics = [finding(1, 3), finding(1, 3, code="KM207")]
    kept, suppressed, unused = apply_suppressions(Source("train.py", text), diagnostics, ALL)
    assert [d.code for d in kept] == ["KM207"]
    assert [d.code for d in suppressed] == ["KM209"]
    assert [d.message for d in unused] == ["`KM207` suppresses nothing here"]


def test_skip_file_leaves_nothing_not_even_unused_suppressions() -> None:
    text = "a()\nb()  # noqa: KM207\n# memlint: skip-file\n"
    assert apply_suppressions(Source("train.py", text), [finding(1)], ALL) == ([], [finding(1)], [])


def notebook(*cells: str) -> Source:
    """Code cells at the even indices of a notebook, prose between them."""
    at, spans = 0, []
    for number, text in enumerate(cells):
        spans.append(Cell(2 * number, at, at + len(text)))
        at += len(text)
    return Source("nb.ipynb", "".join(cells), tuple(spans))


def test_rows_count_inside_the_cell() -> None:
    source = notebook("x = 1\n", "a()  # noqa: KM209\n")
    kept, suppressed, unused = apply_suppressions(source, [finding(1, cell=0), finding(1, cell=2)], ALL)
    assert ([d.cell for d in kept], [d.cell for d in suppressed], unused) == ([0], [2], [])


def test_string_left_open_in_one_cell_does_not_reach_the_next() -> None:
    source = notebook('x = """\n', 'a()  # noqa: KM209\ny = """ok"""\n')
    _, suppressed, _ = apply_suppressions(source, [finding(1, cell=2)], ALL)
    assert len(suppressed) == 1


def test_skip_file_in_any_cell_means_the_whole_notebook() -> None:
    source = notebook("a()\n", "# memlint: skip-file\n")
    assert apply_suppressions(source, [finding(1, cell=0)], ALL)[0] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a()  # noqa: KM207\n", "a()\n"),
        ("a()\t# memlint: ignore[KM207]", "a()"),
        ("a()  # noqa: KM207,E501\n", "a()  # noqa: E501\n"),
        ("a()  # noqa: E501, KM207\n", "a()  # noqa: E501\n"),
        ("a()  # noqa: E501, KM207, W291\n", "a()  # noqa: E501, W291\n"),
        ("a()  # noqa: KM207, KM209\n", "a()\n"),
        ("a()  # memlint: ignore[KM207,missing-prefetch]\n", "a()\n"),
        ("a()  # type: ignore  # noqa: KM207\n", "a()  # type: ignore\n"),
        ("a()  # noqa: KM207  # type: ignore\n", "a()  # type: ignore\n"),
        ("a()  # noqa: KM207 small files\n", "a()  # small files\n"),
        ("a()  # noqa: KM999\n", "a()\n"),
        ("a()\r\n# noqa: KM207\r\nb()\r\n", "a()\r\nb()\r\n"),
        ("if x:\n    # noqa: KM207\n    b()\n", "if x:\n    b()\n"),
        ("a()\n# noqa: KM207", "a()\n"),
    ],
)
def test_fix_removes_just_what_is_unused(before: str, after: str) -> None:
    source = Source("train.py", before)
    _, _, unused = apply_suppressions(source, [], ALL)
    assert [(d.code, d.severity, d.fixes[0].applicability) for d in unused] == [("KM001", "info", "safe")]
    assert repaired(source, unused) == after
    assert apply_suppressions(Source("train.py", after), [], ALL)[2] == []


def test_fix_keeps_the_code_that_is_used() -> None:
    source = Source("train.py", "a()  # memlint: ignore[KM207, KM209]\n")
    _, suppressed, unused = apply_suppressions(source, [finding(1)], ALL)
    assert len(suppressed) == 1
    assert repaired(source, unused) == "a()  # memlint: ignore[KM209]\n"
    assert (unused[0].location, unused[0].end_location) == (Position(1, 24), Position(1, 29))


def test_fix_stays_inside_its_cell() -> None:
    source = notebook("a()\n", "# noqa: KM207\n", "b()\n")
    _, _, unused = apply_suppressions(source, [], ALL)
    assert unused[0].cell == 2
    assert repaired(source, unused).startswith("a()\n")
    assert repaired(source, unused).endswith("b()\n")


@pytest.mark.parametrize(
    "text",
    [
        "a()  # noqa\n",
        "a()  # noqa: E501, W291\n",
        "a()  # noqa: not a code\n",
        "a()  # noqa: KM207, KM001\n",
        "a()  # noqa  # memlint: ignore[KM207]\n",
        "a()  # memlint: ignore[unused-suppression, KM207]\n",
    ],
)
def test_these_are_never_called_unused(text: str) -> None:
    assert apply_suppressions(Source("train.py", text), [], ALL)[2] == []


@pytest.mark.parametrize("word", ["map-sequentail", "KM2O9", "KM999"])
def test_a_rule_that_does_not_exist_is_named(word: str) -> None:
    source = Source("train.py", f"a()  # memlint: ignore[{word}, KM209]\n")
    _, suppressed, (unused,) = apply_suppressions(source, [finding(1)], ALL)
    assert len(suppressed) == 1
    assert unused.message == f"`{word}` suppresses nothing here: there is no rule `{word}`"


def test_rule_that_did_not_run_may_be_suppressed() -> None:
    source = Source("train.py", "a()  # noqa: KM207\n")
    assert apply_suppressions(source, [], ALL - {"KM207"})[2] == []
    assert apply_suppressions(source, [], ALL - {"KM001"})[2] == []


def test_nothing_is_called_unused_beside_code_that_was_set_aside() -> None:
    source = Source("train.py", "print 'x'\na()  # noqa: KM207\n")
    assert apply_suppressions(source, [finding(1, code="KM000")], ALL)[2] == []


@given(
    st.text(
        alphabet=st.sampled_from(list("a#'\"\\\n\r\t ([{}])KM209noqa:,memlint ignore[skip-file]")),
        max_size=60,
    )
)
def test_any_text_is_survived_and_its_fixes_leave_nothing_unused(text: str) -> None:
    source = Source("train.py", text)
    _, _, unused = apply_suppressions(source, [], ALL)
    for diagnostic in unused:
        for edit in diagnostic.fixes[0].edits:
            to_edit(source, edit)
    again = Source("train.py", repaired(source, unused))
    assert len(apply_suppressions(again, [], ALL)[2]) <= len(unused)
