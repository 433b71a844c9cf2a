"""The measured evidence: every rule of the first list has its row, and README and scripts agree with results.json."""

from __future__ import annotations

import ast
import csv
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
EVIDENCE = ROOT / "benchmarks" / "evidence"
RESULTS: dict[str, Any] = json.loads((EVIDENCE / "results.json").read_text(encoding="utf-8"))
CODES = [
    *("KM101", "KM102", "KM103", "KM104", "KM105", "KM108", "KM116"),
    *("KM201", "KM202", "KM203", "KM204", "KM205", "KM207", "KM209"),
    *("KM301", "KM302", "KM401", "KM501", "KM601", "KM602", "KM701"),
    *("KM801", "KM802", "KM803", "KM901"),
]
ROW = {"name", "claim", "script", "reason", "variants", "ratio_of", "ratio", "facts"}
VARIANT = {"peak_bytes": int, "resident_bytes": int, "seconds": float}


@pytest.fixture(scope="module")
def runner() -> Iterator[ModuleType]:
    """benchmarks/evidence/run.py, which is no part of a package."""
    sys.path.insert(0, str(EVIDENCE))
    yield importlib.import_module("run")
    sys.path.remove(str(EVIDENCE))
    for name in ("run", "report"):
        del sys.modules[name]


def test_every_rule_of_the_list_has_a_row_and_no_other() -> None:
    assert list(RESULTS["rules"]) == sorted(CODES)


def test_versions_of_everything_that_was_used_are_recorded() -> None:
    assert {"Python", "tensorflow", "keras", "tf_keras", "numpy"} <= set(RESULTS["versions"])
    assert all(RESULTS["versions"].values())
    assert RESULTS["machine"]


def test_names_are_those_of_the_rules() -> None:
    with (ROOT / "rules" / "rules.tsv").open(encoding="utf-8") as table:
        names = {row["code"]: row["name"] for row in csv.DictReader(table, delimiter="\t")}
    assert {code: rule["name"] for code, rule in RESULTS["rules"].items()} == {
        code: names[code] for code in sorted(CODES)
    }


@pytest.mark.parametrize("code", CODES)
def test_row_has_its_fields(code: str) -> None:
    rule = RESULTS["rules"][code]
    assert set(rule) == ROW
    assert rule["claim"]
    for name, variant in rule["variants"].items():
        assert {field: type(value) for field, value in variant.items()} == VARIANT, name
        assert min(variant.values()) >= 0, name
    for name, found in rule["facts"].items():
        assert isinstance(found, bool | int | float | str), name
        assert found != "", name


@pytest.mark.parametrize("code", CODES)
def test_row_is_what_its_script_says(code: str, runner: ModuleType) -> None:
    rule = RESULTS["rules"][code]
    script = runner.read(EVIDENCE / rule["script"])
    assert script.code == code
    assert (script.name, script.claim, script.reason) == (rule["name"], rule["claim"], rule["reason"])
    assert list(rule["variants"]) == list(script.variants)
    assert bool(rule["facts"]) == script.has_facts


@pytest.mark.parametrize("code", CODES)
def test_rule_is_measured_or_says_why_not(code: str, runner: ModuleType) -> None:
    rule = RESULTS["rules"][code]
    if rule["reason"]:
        assert not rule["variants"]
        assert rule["facts"]
        assert rule["ratio"] is None
        return
    assert {"bad", "good"} <= set(rule["variants"])
    assert rule["ratio"] == runner.ratio(rule["variants"], rule["ratio_of"])
    assert rule["ratio"] > 1, "the good variant is no better than the bad one"


def test_scripts_stand_alone() -> None:
    for path in EVIDENCE.glob("*.py"):
        imported = [
            name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
            )
        ]
        assert not [name for name in imported if name.split(".")[0] == "keras_memlint"], path.name


def test_no_path_of_the_machine_is_in_the_results() -> None:
    text = (EVIDENCE / "results.json").read_text(encoding="utf-8")
    assert not [part for part in ("/home/", "/root/", "site-packages", "/tmp/") if part in text]


def test_readme_tables_are_those_of_the_results(runner: ModuleType) -> None:
    readme = (EVIDENCE / "README.md").read_text(encoding="utf-8")
    assert runner.report.with_tables(readme, RESULTS) == readme


def test_a_readme_without_markers_is_refused(runner: ModuleType) -> None:
    with pytest.raises(ValueError, match="results: begin"):
        runner.report.with_tables("# no markers\n", RESULTS)
