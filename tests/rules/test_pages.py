"""Every rule's page is its test: marks are met, nothing unmarked is found, fixed text is exact and stable."""

from __future__ import annotations

import pytest
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.engine import broken_statements
from keras_memlint.rules.registry import load
from pages import PAGES, Case, cases, check, expected, fix_first, strip_marks

CASES = [case for page in PAGES for case in cases(page)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_findings_are_those_marked(case: Case, tmp_path) -> None:
    found = check(case, tmp_path, only=case.rule)
    assert sorted((d.location.row, d.code) for d in found) == sorted(expected(case.text))


@pytest.mark.parametrize("case", [c for c in CASES if c.heading.startswith("Found")], ids=str)
def test_a_found_example_has_a_mark(case: Case) -> None:
    assert expected(case.text), f"{case}: a Found example without a mark"


@pytest.mark.parametrize("case", [c for c in CASES if c.fixed is not None], ids=str)
def test_fixed_text_is_exact_and_silent(case: Case, tmp_path) -> None:
    assert case.fixed is not None and case.fixed != strip_marks(case.text)
    fixed = fix_first(case, tmp_path)
    assert fixed == case.fixed
    again = Case(case.rule, case.page, case.heading, fixed, None, case.files, case.target)
    # A fix that helps but does not cure may leave a hint that says so (KM602); a hint must be gone itself.
    usual = load(case.rule).rule.severity
    assert [
        d for d in check(again, tmp_path, only=case.rule) if d.severity != "hint" or usual == "hint"
    ] == []
    assert broken_statements(Source("train.py", fixed)) == 0
