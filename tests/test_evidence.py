"""The measured evidence: every rule has its results, and they and the pictures agree with the scripts."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from keras_memlint.rules import catalogue

ROOT = Path(__file__).parent.parent
EVIDENCE = ROOT / "benchmarks" / "evidence"
RESULTS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((EVIDENCE / "results").glob("*.json"))
}
CODES = [row.code for row in catalogue.rows()]
ROW = {
    *("code", "name", "claim", "script", "reason", "variants", "ratio_of", "ratio", "facts"),
    *("versions", "machine"),
}
VARIANT = {"peak_bytes": int, "resident_bytes": int, "seconds": float}


@pytest.fixture(scope="module")
def runner() -> Iterator[ModuleType]:
    """benchmarks/evidence/run.py, which is no part of a package."""
    sys.path.insert(0, str(EVIDENCE))
    yield importlib.import_module("run")
    sys.path.remove(str(EVIDENCE))
    del sys.modules["run"]


def test_every_rule_has_results_and_nothing_else_has() -> None:
    assert list(RESULTS) == CODES


@pytest.mark.parametrize("code", CODES)
def test_versions_of_everything_that_was_used_are_recorded(code: str) -> None:
    versions = RESULTS[code]["versions"]
    assert {"Python", "tensorflow", "keras", "tf_keras", "numpy"} <= set(versions)
    assert all(versions.values())
    assert RESULTS[code]["machine"]


def test_names_are_those_of_the_rules() -> None:
    assert {code: rule["name"] for code, rule in RESULTS.items()} == {
        row.code: row.name for row in catalogue.rows()
    }


@pytest.mark.parametrize("code", CODES)
def test_row_has_its_fields(code: str) -> None:
    rule = RESULTS[code]
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
    rule = RESULTS[code]
    script = runner.read(EVIDENCE / rule["script"])
    assert script.code == code
    assert (script.name, script.claim, script.reason) == (rule["name"], rule["claim"], rule["reason"])
    assert list(rule["variants"]) == list(script.variants)
    assert bool(rule["facts"]) == script.has_facts


@pytest.mark.parametrize("code", CODES)
def test_rule_is_measured_or_says_why_not(code: str, runner: ModuleType) -> None:
    rule = RESULTS[code]
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


@pytest.mark.parametrize("code", CODES)
def test_no_path_of_the_machine_is_in_the_results(code: str) -> None:
    text = json.dumps(RESULTS[code])
    assert not [part for part in ("/home/", "/root/", "site-packages", "/tmp/") if part in text]


@pytest.mark.parametrize("code", [code for code in CODES if RESULTS[code]["variants"]])
def test_picture_shows_every_variant_with_its_value(code: str) -> None:
    rule, picture = RESULTS[code], (ROOT / "docs" / "evidence" / f"{code}.svg").read_text(encoding="utf-8")
    for name, variant in rule["variants"].items():
        value = variant[rule["ratio_of"]]
        if rule["ratio_of"] == "seconds":
            label = f"{value:.2f} s"
        else:
            mebibytes = value / 2**20
            label = f"{mebibytes:,.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"
        assert f">{label}<" in picture, name
        assert f">{name.replace('_', ' ')}<" in picture


def test_there_is_no_picture_without_results() -> None:
    pictures = {path.stem for path in (ROOT / "docs" / "evidence").glob("*.svg")}
    assert pictures == {code for code in CODES if RESULTS[code]["variants"]}
