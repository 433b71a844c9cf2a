"""The JSON array that other programs rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from keras_memlint.server.formats.json import render

KEYS = {
    "code", "name", "severity", "message", "filename", "location", "end_location",
    "cell", "url", "bytes", "related", "fix",
}  # fmt: skip


def rendered(report: Any) -> list[dict[str, Any]]:
    lines = list(render(report, colour=False))
    assert all("\n" not in line and line.isascii() for line in lines)
    return json.loads("\n".join(lines))  # type: ignore[no-any-return]


def test_no_finding_is_an_empty_array(make_report: Any) -> None:
    assert rendered(make_report()) == []


def test_every_documented_key_and_no_other(make_report: Any, finding: Any, safe: Any) -> None:
    first, second = rendered(make_report(finding, safe))
    assert set(first) == set(second) == KEYS
    assert first == {
        "code": "KM203",
        "name": "shuffle-full-buffer",
        "severity": "warning",
        "message": finding.message,
        "filename": "größe 数据/train: 1,5 %.py",
        "location": {"row": 3, "column": 21},
        "end_location": {"row": 3, "column": 40},
        "cell": None,
        "url": None,
        "bytes": 36077725286,
        "related": [
            {
                "message": "elements become arrays here",
                "filename": "data/läden.py",
                "location": {"row": 12, "column": 14},
                "end_location": {"row": 12, "column": 20},
            }
        ],
        "fix": {
            "applicability": "unsafe",
            "message": "shuffle 1,024 elements at a time",
            "edits": [
                {
                    "location": {"row": 3, "column": 29},
                    "end_location": {"row": 3, "column": 39},
                    "content": "1024",
                }
            ],
        },
    }


def test_fix_is_the_first_alternative_or_null(make_report: Any, finding: Any, safe: Any) -> None:
    both = replace(finding, fixes=(*safe.fixes, *finding.fixes))
    none = replace(finding, fixes=())
    assert [f["fix"] and f["fix"]["applicability"] for f in rendered(make_report(both, none))] == [
        "safe",
        None,
    ]


def test_places_in_notebooks_name_their_cell(make_report: Any, in_cell: Any) -> None:
    [found] = rendered(make_report(in_cell))
    assert found["cell"] == 4
    assert found["related"][0]["cell"] == 2
    assert [edit["cell"] for edit in found["fix"]["edits"]] == [2, 4]


def test_file_name_that_is_not_text_stays_json(make_report: Any, finding: Any) -> None:
    [found] = rendered(make_report(replace(finding, filename="a\udcff.py")))
    assert found["filename"] == "a\udcff.py"
