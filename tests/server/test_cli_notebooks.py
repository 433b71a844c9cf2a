"""Notebooks through the command line: places inside cells, suppressions, other languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def notebook(*cells: tuple[str, str], language: str = "python") -> str:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"language_info": {"name": language}},
            "cells": [
                {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
                | ({"outputs": [], "execution_count": None} if kind == "code" else {})
                for kind, text in cells
            ],
        }
    )


@pytest.fixture
def cells(sequential: str) -> tuple[tuple[str, str], ...]:
    """The imports, some prose, and a cell with one KM209 in its second row."""
    head, body = sequential.rsplit("\nds = tf", 1)
    return ("code", head), ("markdown", "# noqa"), ("code", "ds = tf" + body)


def test_place_is_inside_the_cell(cli: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    Path("nb.ipynb").write_text(notebook(*cells))
    (finding,) = cli("check", "--output-format", "json").findings
    assert (finding["code"], finding["filename"], finding["cell"]) == ("KM209", "nb.ipynb", 2)
    assert finding["location"] == {"row": 2, "column": 9}


def test_suppression_in_the_cell(cli: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    head, prose, (kind, body) = cells
    Path("nb.ipynb").write_text(
        notebook(head, prose, (kind, body.replace("(decode)", "(decode)  # noqa: KM209")))
    )
    result = cli("check", "--output-format", "json")
    assert (result.status, result.findings) == (0, [])


def test_skip_file_in_any_code_cell(cli: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    Path("nb.ipynb").write_text(notebook(*cells, ("code", "# memlint: skip-file")))
    assert cli("check", "--output-format", "json").findings == []
    Path("nb.ipynb").write_text(notebook(*cells, ("markdown", "# memlint: skip-file")))
    assert cli("check", "--output-format", "json").codes == ["KM209"]


def test_other_languages_are_silent(cli: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    Path("nb.ipynb").write_text(notebook(*cells, language="R"))
    result = cli("check", "--output-format", "json")
    assert (result.status, result.findings, result.err) == (0, [], "")


def test_baseline_hides_a_line_of_a_cell(cli: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    Path("nb.ipynb").write_text(notebook(*cells))
    cli("check", "--baseline", "base.json")
    Path("nb.ipynb").write_text(notebook(("code", "x = 1\n"), *cells))
    assert cli("check", "--baseline", "base.json").status == 0


def test_standard_input(process: Cli, cells: tuple[tuple[str, str], ...]) -> None:
    raw = notebook(*cells).encode()
    result = process("check", "-", "--stdin-filename", "nb.ipynb", "--output-format", "json", stdin=raw)
    assert [finding["cell"] for finding in result.findings] == [2]
    assert process("check", "-", "--stdin-filename", "nb.ipynb", stdin=b"{}").status == 2
    unnamed = process("check", "-", stdin=raw)
    assert (unnamed.status, unnamed.out) == (2, "")
    assert unnamed.err == "error: -: is a notebook; name it with --stdin-filename, such as train.ipynb\n"
