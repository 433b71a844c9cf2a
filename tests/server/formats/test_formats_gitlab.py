"""The Code Quality report that GitLab reads."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from keras_memlint.server.formats.gitlab import render


def rendered(report: Any) -> list[dict[str, Any]]:
    return json.loads("\n".join(render(report, colour=False)))  # type: ignore[no-any-return]


def test_no_finding_is_an_empty_array(make_report: Any) -> None:
    assert rendered(make_report()) == []


def test_required_keys(make_report: Any, finding: Any) -> None:
    [entry] = rendered(make_report(finding))
    assert len(entry.pop("fingerprint")) == 32
    assert entry == {
        "description": f"KM203: {finding.message}",
        "check_name": "KM203",
        "severity": "major",
        "location": {"path": "größe 数据/train: 1,5 %.py", "lines": {"begin": 3, "end": 3}},
    }


@pytest.mark.parametrize(
    ("severity", "theirs"),
    [("error", "critical"), ("warning", "major"), ("info", "minor"), ("hint", "info")],
)
def test_severities(make_report: Any, finding: Any, severity: str, theirs: str) -> None:
    assert rendered(make_report(replace(finding, severity=severity)))[0]["severity"] == theirs


def test_notebook_finding_names_its_cell_and_not_a_wrong_line(make_report: Any, in_cell: Any) -> None:
    [entry] = rendered(make_report(in_cell))
    assert entry["description"].startswith("cell 5:1:9: KM209: ")
    assert entry["location"] == {"path": "nb.ipynb", "lines": {"begin": 1, "end": 1}}


def prints(report: Any) -> list[str]:
    return [entry["fingerprint"] for entry in rendered(report)]


def test_fingerprint_survives_moved_lines_and_other_numbers(make_report: Any, finding: Any) -> None:
    [before] = prints(make_report(finding, texts={finding.filename: "\n\n  ds.shuffle(n)\n"}))
    moved = replace(
        finding,
        location=replace(finding.location, row=1),
        end_location=replace(finding.end_location, row=1),
        message="now 2 GiB",
        bytes=2 << 30,
    )
    [after] = prints(make_report(moved, texts={finding.filename: "ds.shuffle(n)\n"}))
    assert before == after


def test_equal_lines_and_other_rules_have_their_own_fingerprints(
    make_report: Any, finding: Any, safe: Any
) -> None:
    texts = {finding.filename: "a\nb\nx\nx\n"}
    twice = replace(finding, location=replace(finding.location, row=4))
    elsewhere = replace(finding, filename="other.py")
    found = prints(make_report(finding, twice, safe, elsewhere, texts=texts))
    assert len(set(found)) == 4
    assert found[0] == prints(make_report(finding, texts=texts))[0]
