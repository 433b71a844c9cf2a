"""The laws of every fix, on every example of every page: what a fix may do to a text, whatever the rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from keras_memlint.analysis.text.source import Source
from keras_memlint.fixes.edits import apply
from keras_memlint.rules.diagnostic import Diagnostic, DiagnosticFix
from keras_memlint.rules.engine import broken_statements
from keras_memlint.rules.positions import to_edit
from keras_memlint.rules.registry import load
from pages import PAGES, Case, cases, check, expected, strip_marks

EXAMPLES = [case for page in PAGES for case in cases(page) if case.heading.startswith("Found")]
STYLES = {
    "as written": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "tabs": lambda text: re.sub(
        r"^((?:    )+)", lambda m: "\t" * (len(m.group(1)) // 4), text, flags=re.MULTILINE
    ),
    "no final newline": lambda text: text.rstrip("\n"),
    "spaces before brackets": lambda text: re.sub(r"(\.\w+)\(", r"\1 (", text),
    "non-ASCII": lambda text: text.replace("\n", "  # größe 漢字 😀\n", 1),
}


def restyled(case: Case, style: str) -> Case:
    """The example in another style of text."""
    return case.with_text(STYLES[style](strip_marks(case.text)))


def fixed(text: str, fix: DiagnosticFix) -> str:
    source = Source("train.py", text)
    return apply(text, [to_edit(source, edit) for edit in fix.edits])


def key(diagnostic: Diagnostic) -> tuple[str, str]:
    """What stays the same when a finding only moves."""
    return diagnostic.code, re.sub(r"\d[\d.,]*", "#", diagnostic.message)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("case", EXAMPLES, ids=str)
def test_laws(case: Case, style: str, tmp_path: Path) -> None:
    marked = [code for _, code in expected(case.text)]
    case = restyled(case, style)
    before = check(case, tmp_path)
    assert [finding.code for finding in before if finding.code == case.rule] == marked
    for finding in before:
        for fix in finding.fixes:
            text = fixed(case.text, fix)
            where = f"{finding.code} {fix.message!r}"
            assert (fix.applicability == "safe") == ("(unsafe: " not in fix.message), where
            assert text != case.text, f"{where}: changes nothing"
            assert broken_statements(Source("t.py", text)) <= broken_statements(Source("t.py", case.text)), (
                where
            )
            if style == "CRLF":
                assert "\n" not in text.replace("\r\n", ""), f"{where}: mixes line endings"
            # Code that was switched off may be switched on again.
            kept = comments(text) | {line.strip() for line in text.splitlines()}
            assert comments(case.text) <= kept, f"{where}: loses a comment"
            after = check(
                Case(case.rule, case.page, case.heading, text, None, case.files, case.target), tmp_path
            )
            mine = [d for d in after if key(d) == key(finding) and d.severity == finding.severity]
            was = [d for d in before if key(d) == key(finding) and d.severity == finding.severity]
            assert len(mine) < len(was), f"{where}: the finding is still there"
            new = {d.code for d in after if d.severity != "hint"} - {d.code for d in before}
            # A table that is no longer copied whole is still read whole.
            new -= {"KM111"} if case.rule == "KM103" else set()
            assert not new, f"{where}: brings {new}"


def comments(text: str) -> set[str]:
    """The comments of a text, roughly: examples hold no # in strings."""
    return {line.partition("#")[2].strip() for line in text.splitlines() if "#" in line}


@pytest.mark.parametrize("case", EXAMPLES, ids=str)
def test_declared_safety_is_what_fixes_show(case: Case, tmp_path: Path) -> None:
    declared = load(case.rule).rule.fix
    shown = {fix.applicability for d in check(case, tmp_path, only=case.rule) for fix in d.fixes}
    allowed = {None: set(), "safe": {"safe"}, "unsafe": {"unsafe"}, "both": {"safe", "unsafe"}}[declared]
    assert shown <= allowed
