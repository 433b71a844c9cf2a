"""Fix-all ends, merges what does not collide, and never makes a text parse worse."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.text.notebook import join_cells
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.apply import Fixable, edit_source, fix_all
from keras_memlint.fixes.edits import Edit, Fix, Way, apply, overlap

Check = Callable[[Source], Iterator[Fixable]]


@pytest.mark.parametrize(
    ("safe", "price", "said"),
    [
        (True, "", "shuffle less"),
        (True, "in a loop it would cost something", "shuffle less"),
        (False, "another order", "shuffle less (unsafe: another order)"),
        (False, "", "shuffle less (unsafe)"),
    ],
)
def test_the_price_of_an_unsafe_fix_is_said(safe: bool, price: str, said: str) -> None:
    assert Fix("shuffle less", safe, (), price).message == said


def broken(source: Source) -> int:
    try:
        ast.parse(source.text)
    except SyntaxError:
        return 1
    return 0


def one(code: str, *edits: Edit, safe: bool = True) -> Fixable:
    return Fixable(code, (Way(safe, edits),))


def replacing(code: str, pattern: str, content: str, *, safe: bool = True) -> Check:
    """A rule that wants each match of ``pattern`` to be ``content``."""

    def check(source: Source) -> Iterator[Fixable]:
        for match in re.finditer(pattern, source.text):
            yield one(code, Edit(*match.span(), content), safe=safe)

    return check


def together(*checks: Check) -> Check:
    def check(source: Source) -> Iterator[Fixable]:
        for each in checks:
            yield from each(source)

    return check


def test_all_findings_are_fixed_and_counted() -> None:
    check = together(replacing("KM102", "b", "y"), replacing("KM101", "a", "x"))
    outcome = fix_all(Source("a.py", "a + b + a"), check, broken, unsafe=False)
    assert outcome.source.text == "x + y + x"
    assert outcome.fixed == {"KM101": 2, "KM102": 1}
    assert not outcome.refused
    assert not outcome.unstable


def test_without_findings_the_source_is_the_same_object() -> None:
    source = Source("a.py", "x")
    assert fix_all(source, replacing("KM101", "a", "x"), broken, unsafe=False).source is source


@pytest.mark.parametrize(("unsafe", "text"), [(False, "good a"), (True, "bold a")])
def test_the_first_allowed_alternative_is_taken(unsafe: bool, text: str) -> None:
    def check(source: Source) -> Iterator[Fixable]:
        if source.text.startswith("bad"):
            span = (0, 3)
            yield Fixable("KM101", (Way(False, (Edit(*span, "bold"),)), Way(True, (Edit(*span, "good"),))))

    assert fix_all(Source("a.py", "bad a"), check, lambda _: 0, unsafe=unsafe).source.text == text


def test_unsafe_fixes_wait_for_permission() -> None:
    check = replacing("KM101", "a", "x", safe=False)
    assert fix_all(Source("a.py", "a"), check, broken, unsafe=False).fixed == {}
    assert fix_all(Source("a.py", "a"), check, broken, unsafe=True).source.text == "x"


def test_overlapping_fixes_wait_a_round() -> None:
    seen: list[str] = []

    def check(source: Source) -> Iterator[Fixable]:
        seen.append(source.text)
        yield from together(replacing("KM101", "ab", "c"), replacing("KM102", "bb|cb", "d"))(source)

    outcome = fix_all(Source("a.py", "abb"), check, broken, unsafe=False)
    assert seen == ["abb", "cb", "d"]
    assert outcome.fixed == {"KM101": 1, "KM102": 1}


def importing(code: str, name: str, module: str) -> Check:
    """A rule that wants ``module.name`` in the place of ``name``, and the import it takes."""

    def check(source: Source) -> Iterator[Fixable]:
        for match in re.finditer(rf"(?<!\.)\b{name}\b", source.text):
            line = f"import {module}\n"
            edits = [Edit(match.start(), match.start(), f"{module}.")]
            if line not in source.text:
                edits.append(Edit(0, 0, line))
            yield one(code, *edits)

    return check


def test_equal_imports_are_added_once_and_different_ones_in_turn() -> None:
    check = together(importing("KM101", "a", "m"), importing("KM102", "b", "n"))
    outcome = fix_all(Source("a.py", "a + b + a"), check, broken, unsafe=False)
    assert outcome.source.text == "import n\nimport m\nm.a + n.b + m.a"
    assert outcome.fixed == {"KM101": 2, "KM102": 1}


def test_a_fix_that_breaks_the_text_is_left_out_alone() -> None:
    check = together(replacing("KM101", "a", "("), replacing("KM102", "b", "y"))
    outcome = fix_all(Source("a.py", "a + b"), check, broken, unsafe=False)
    assert outcome.source.text == "a + y"
    assert outcome.refused == ("KM101",)
    assert outcome.fixed == {"KM102": 1}


def test_a_broken_text_may_stay_broken() -> None:
    outcome = fix_all(Source("a.py", "a ("), replacing("KM101", "a", "x"), broken, unsafe=False)
    assert outcome.source.text == "x ("


@pytest.mark.parametrize(
    "check",
    [
        together(replacing("KM101", "a", "b"), replacing("KM102", "b", "a")),
        together(replacing("KM101", "a$", "aa"), replacing("KM102", "never", "")),
    ],
)
def test_without_a_fixed_point_the_text_stays(check: Check) -> None:
    source = Source("a.py", "a")
    outcome = fix_all(source, check, broken, unsafe=False)
    assert outcome.source is source
    assert outcome.fixed == {}
    assert outcome.unstable


def test_ten_rounds_are_enough_for_ten() -> None:
    check = replacing("KM101", "^a", "")
    assert fix_all(Source("a.py", "a" * 10), check, broken, unsafe=False).source.text == ""
    assert fix_all(Source("a.py", "a" * 11), check, broken, unsafe=False).unstable == ("KM101",)


def test_an_edit_that_changes_nothing_is_no_fix() -> None:
    source = Source("a.py", "a")
    outcome = fix_all(source, replacing("KM101", "a", "a"), broken, unsafe=False)
    assert (outcome.source, outcome.unstable) == (source, ())


def test_fixes_that_overlap_themselves_are_refused() -> None:
    def check(source: Source) -> Iterator[Fixable]:
        yield one("KM101", Edit(0, 2, "x"), Edit(1, 3, "y"))

    assert fix_all(Source("a.py", "abc"), check, broken, unsafe=False).refused == ("KM101",)


def test_notebook_cells_are_found_again() -> None:
    source = join_cells("a.ipynb", [(1, "a"), (4, "b\n"), (5, "a\nc")])
    new = edit_source(source, [Edit(1, 1, "\nnew\n"), Edit(2, 4, ""), Edit(4, 5, "longer")])
    assert new.text == "a\nnew\n\nlonger\nc\n"
    texts = [(cell.index, new.text[cell.start : cell.end]) for cell in new.cells]
    assert texts == [(1, "a\nnew\n"), (4, ""), (5, "longer\nc")]


def test_fixes_across_cells_are_refused() -> None:
    source = join_cells("a.ipynb", [(0, "a"), (1, "b")])
    outcome = fix_all(source, replacing("KM101", "a\nb", "x"), broken, unsafe=False)
    assert outcome.source is source
    assert outcome.refused == ("KM101",)
    with pytest.raises(ValueError, match="cell"):
        edit_source(source, [Edit(0, 2, "x")])


def test_the_next_alternative_stays_inside_its_cell() -> None:
    def check(source: Source) -> Iterator[Fixable]:
        if "a" in source.text:
            yield Fixable("KM101", (Way(True, (Edit(0, 3, "x"),)), Way(True, (Edit(0, 1, "x"),))))

    outcome = fix_all(join_cells("a.ipynb", [(0, "a"), (1, "b")]), check, broken, unsafe=False)
    assert outcome.source.text == "x\nb\n"


edits = st.tuples(st.integers(0, 20), st.integers(0, 4), st.sampled_from(["", "x", "yy\n"])).map(
    lambda one: Edit(one[0], min(one[0] + one[1], 20), one[2])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(edits, min_size=1, max_size=3), max_size=6))
def test_a_round_takes_whole_fixes_that_do_not_collide(wanted: list[list[Edit]]) -> None:
    text = "abcdefghijklmnopqrst"
    source = Source("a.py", text)

    def check(now: Source) -> Iterator[Fixable]:
        if now is source:
            for number, each in enumerate(wanted):
                yield one(f"KM{number:03}", *each)

    outcome = fix_all(source, check, lambda _: 0, unsafe=False)
    made = {edit for number, each in enumerate(wanted) if f"KM{number:03}" in outcome.fixed for edit in each}
    made = {edit for edit in made if text[edit.start : edit.end] != edit.content}
    assert not overlap(made)
    assert outcome.source.text == apply(text, made)
    for number, each in enumerate(wanted):
        if f"KM{number:03}" not in (*outcome.fixed, *outcome.refused):
            useful = {edit for edit in each if text[edit.start : edit.end] != edit.content}
            assert not useful or overlap(made | useful)
