"""Workflow commands, read back the way the runner of GitHub Actions reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from keras_memlint.server.formats.github import render

COMMAND = re.compile(r"::(?P<command>\w+) (?P<properties>.*?)::(?P<message>.*)", re.DOTALL)


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message as the runner sees them."""
    assert "\n" not in line and "\r" not in line
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    pairs = (part.split("=", 1) for part in found["properties"].split(","))
    properties = {
        key: value.replace("%3A", ":")
        .replace("%2C", ",")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
        .replace("%25", "%")
        for key, value in pairs
    }
    message = found["message"].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return found["command"], properties, message


def test_awkward_name_and_message_arrive_whole(make_report: Any, finding: Any) -> None:
    [line] = render(make_report(finding), colour=True)
    command, properties, message = read(line)
    assert command == "warning"
    assert properties == {
        "file": "größe 数据/train: 1,5 %.py",
        "line": "3",
        "endLine": "3",
        "col": "21",
        "endColumn": "40",
        "title": "KM203 shuffle-full-buffer",
    }
    assert message == (
        f"{finding.message}\n"
        "note: elements become arrays here, data/läden.py:12:14\n"
        "help: shuffle 1,024 elements at a time"
    )


def test_a_message_cannot_smuggle_a_command(make_report: Any, finding: Any) -> None:
    evil = replace(
        finding, message="x\n::set-output name=a::b", filename="a\n::error::b.py", fixes=(), related=()
    )
    lines = list(render(make_report(evil), colour=False))
    assert len(lines) == 1
    assert read(lines[0])[2] == evil.message


@pytest.mark.parametrize(
    ("severity", "command"),
    [("error", "error"), ("warning", "warning"), ("info", "notice"), ("hint", "notice")],
)
def test_severities(make_report: Any, finding: Any, severity: str, command: str) -> None:
    [line] = render(make_report(replace(finding, severity=severity)), colour=False)
    assert read(line)[0] == command


def test_columns_only_within_one_line(make_report: Any, finding: Any) -> None:
    several = replace(finding, end_location=replace(finding.end_location, row=5))
    _, properties, _ = read(next(render(make_report(several), colour=False)))
    assert properties["endLine"] == "5"
    assert not {"col", "endColumn"} & set(properties)


def test_notebook_finding_names_its_cell_and_not_a_wrong_line(make_report: Any, in_cell: Any) -> None:
    _, properties, message = read(next(render(make_report(in_cell), colour=False)))
    assert properties["line"] == "1"
    assert message.startswith("cell 5:1:9: elements are decoded")
    assert "note: made here, nb.ipynb:cell 3:1:1" in message


def test_path_is_relative_to_the_repository(
    make_report: Any, finding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = make_report(replace(finding, filename="../b.py"))
    folder = report.root / "sub"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert read(next(render(report, colour=False)))[1]["file"] == "b.py"
