"""SARIF 2.1.0 against its published schema, and the parts that readers act on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import jsonschema
import pytest
from keras_memlint.server.formats.sarif import render

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "data" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")
)
URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")


def rendered(report: Any) -> dict[str, Any]:
    """The one run of a log that agrees with the schema and holds only well-formed URIs."""
    log = json.loads("\n".join(render(report, colour=False)))
    jsonschema.validate(log, SCHEMA, jsonschema.Draft4Validator)
    for uri in uris(log):
        assert URI.fullmatch(uri), uri
    [run] = log["runs"]
    return run  # type: ignore[no-any-return]


def uris(value: Any) -> Iterator[str]:
    """Every ``uri`` anywhere below ``value``."""
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key == "uri")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from uris(item)


def test_the_schema_refuses_what_is_wrong(make_report: Any) -> None:
    log = json.loads("\n".join(render(make_report(), colour=False)))
    log["runs"][0]["columnKind"] = "bytes"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SCHEMA, jsonschema.Draft4Validator)


def test_an_empty_run_is_valid(make_report: Any) -> None:
    run = rendered(make_report())
    assert run["results"] == []
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["version"] == "9.8.7"


def test_rules_are_described_once_with_their_page(make_report: Any, finding: Any, safe: Any) -> None:
    run = rendered(make_report(finding, safe, finding))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["KM203", "KM209"]
    assert [result["ruleIndex"] for result in run["results"]] == [0, 1, 0]
    assert rules[0]["shortDescription"]["text"] == "Finds a shuffle buffer as long as the data set."
    assert "**Why.**" in rules[0]["help"]["markdown"]
    assert "\nds.shuffle(n)\n" in rules[0]["help"]["markdown"]
    assert rules[0]["properties"]["tags"] == ["tf.data pipeline"]


@pytest.mark.parametrize(
    ("severity", "level"), [("error", "error"), ("warning", "warning"), ("info", "note"), ("hint", "note")]
)
def test_levels(make_report: Any, finding: Any, severity: str, level: str) -> None:
    [result] = rendered(make_report(replace(finding, severity=severity)))["results"]
    assert result["level"] == level


def test_path_is_a_percent_encoded_relative_uri(make_report: Any, finding: Any) -> None:
    report = make_report(finding)
    run = rendered(report)
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert not urlsplit(artifact["uri"]).scheme
    assert unquote(artifact["uri"]) == finding.filename
    base = run["originalUriBaseIds"][artifact["uriBaseId"]]["uri"]
    path = unquote(urlsplit(urljoin(base, artifact["uri"])).path)
    assert Path(path) == report.root / finding.filename


def test_path_outside_the_root_is_absolute(make_report: Any, finding: Any) -> None:
    report = make_report(replace(finding, filename="../elsewhere.py"))
    artifact = rendered(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": (report.root.parent / "elsewhere.py").as_uri()}


def test_file_name_that_is_not_text_keeps_its_bytes(make_report: Any, finding: Any) -> None:
    run = rendered(make_report(replace(finding, filename="a\udcff.py")))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%FF.py"


def test_related_place_in_another_file(make_report: Any, finding: Any) -> None:
    [related] = rendered(make_report(finding))["results"][0]["relatedLocations"]
    assert related["message"]["text"] == "elements become arrays here"
    assert unquote(related["physicalLocation"]["artifactLocation"]["uri"]) == "data/läden.py"
    assert related["physicalLocation"]["region"]["startLine"] == 12


def test_fix_replaces_what_the_edit_says(make_report: Any, finding: Any) -> None:
    [fix] = rendered(make_report(finding))["results"][0]["fixes"]
    assert fix["description"]["text"] == "shuffle 1,024 elements at a time"
    assert fix["properties"]["applicability"] == "unsafe"
    [change] = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 3, "startColumn": 29, "endLine": 3, "endColumn": 39},
            "insertedContent": {"text": "1024"},
        }
    ]


def test_notebook_cell_is_a_logical_location_and_no_reader_can_break_the_file(
    make_report: Any, in_cell: Any
) -> None:
    [result] = rendered(make_report(in_cell))["results"]
    [location] = result["locations"]
    assert location["logicalLocations"] == [{"name": "cell 5", "fullyQualifiedName": "nb.ipynb:cell 5"}]
    assert location["physicalLocation"]["region"]["startColumn"] == 9
    assert result["relatedLocations"][0]["logicalLocations"][0]["name"] == "cell 3"
    assert "fixes" not in result


def test_fingerprints_differ(make_report: Any, finding: Any, safe: Any) -> None:
    results = rendered(make_report(finding, safe, finding))["results"]
    assert len({result["partialFingerprints"]["codePathAndLine/v1"] for result in results}) == 3
