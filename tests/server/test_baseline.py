"""Old findings that stay hidden."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from keras_memlint.analysis.text.source import Cell, Source
from keras_memlint.rules.diagnostic import Diagnostic, Position
from keras_memlint.server.baseline import Baseline, write
from keras_memlint.server.errors import UserError


def finding(row: int, code: str = "KM209", cell: int | None = None) -> Diagnostic:
    return Diagnostic(code, "n", "info", "m", "train.py", Position(row, 1), Position(row, 2), cell=cell)


def made(folder: Path, text: str, *rows: int) -> Baseline:
    file, path = folder / "base.json", str(folder / "src" / "train.py")
    source = Source("train.py", text)
    assert write(file, [(path, source, finding(row)) for row in rows]) == len(rows)
    return Baseline.load(file)


def new(baseline: Baseline, folder: Path, text: str, *found: Diagnostic) -> list[Diagnostic]:
    return baseline.new(str(folder / "src" / "train.py"), Source("train.py", text), found)


def test_moved_and_indented_lines_stay_hidden(tmp_path: Path) -> None:
    baseline = made(tmp_path, "a()\nb()\n", 1)
    assert new(baseline, tmp_path, "# new\n\nif x:\n    a()\n", finding(4)) == []


def test_second_equal_line_is_new(tmp_path: Path) -> None:
    baseline = made(tmp_path, "a()\n", 1)
    assert new(baseline, tmp_path, "a()\na()\n", finding(1), finding(2)) == [finding(2)]
    baseline = made(tmp_path, "a()\na()\n", 1, 2)
    assert new(baseline, tmp_path, "a()\na()\n", finding(1), finding(2)) == []


def test_asking_twice_gives_the_same_answer(tmp_path: Path) -> None:
    baseline = made(tmp_path, "a()\n", 1)
    for _ in range(2):
        assert new(baseline, tmp_path, "a()\n", finding(1)) == []


def test_other_rule_line_or_file_is_new(tmp_path: Path) -> None:
    baseline = made(tmp_path, "a()\nb()\n", 1)
    assert new(baseline, tmp_path, "a()\n", finding(1, "KM207")) == [finding(1, "KM207")]
    assert new(baseline, tmp_path, "a(1)\n", finding(1)) == [finding(1)]
    other = baseline.new(str(tmp_path / "train.py"), Source("train.py", "a()\n"), [finding(1)])
    assert other == [finding(1)]


def test_lines_of_notebooks(tmp_path: Path) -> None:
    source = Source("nb.ipynb", "a()\nb()\n", (Cell(0, 0, 4), Cell(3, 4, 8)))
    file, path = tmp_path / "base.json", str(tmp_path / "nb.ipynb")
    write(file, [(path, source, finding(1, cell=3))])
    assert json.loads(file.read_text())["findings"] == [{"path": "nb.ipynb", "code": "KM209", "line": "b()"}]
    assert Baseline.load(file).new(path, source, [finding(1, cell=3), finding(1, cell=0)]) == [
        finding(1, cell=0)
    ]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = str(tmp_path / "tr\udce4in.py")
    write(tmp_path / "base.json", [(name, Source(name, "a()"), finding(1))])
    assert Baseline.load(tmp_path / "base.json").new(name, Source(name, "a()"), [finding(1)]) == []


def test_file_is_in_order_and_speaks_of_relative_paths(tmp_path: Path) -> None:
    made(tmp_path, "b()\na()\n", 1, 2)
    data = json.loads((tmp_path / "base.json").read_text())
    assert [(item["path"], item["line"]) for item in data["findings"]] == [
        ("src/train.py", "a()"),
        ("src/train.py", "b()"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'{"version": 1}',
        b'{"version": 2, "findings": []}',
        b'{"version": 1, "findings": [1]}',
        b'{"version": 1, "findings": [{"path": 1, "code": "KM1", "line": ""}]}',
        b'{"version": 1, "findings": {"a": 1}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_damaged_file_is_named(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "base.json"
    file.write_bytes(raw)
    with pytest.raises(UserError, match=r"base\.json: is no baseline"):
        Baseline.load(file)


def test_absent_and_unreadable_files_differ(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Baseline.load(tmp_path / "base.json")
    with pytest.raises(UserError, match="cannot be read"):
        Baseline.load(tmp_path)
    with pytest.raises(UserError, match="cannot be written"):
        write(tmp_path / "no" / "base.json", [])


def test_message_does_not_matter(tmp_path: Path) -> None:
    baseline = made(tmp_path, "a()\n", 1)
    assert (
        new(baseline, tmp_path, "a()\n", replace(finding(1), message="other (3 GiB)", severity="warning"))
        == []
    )
