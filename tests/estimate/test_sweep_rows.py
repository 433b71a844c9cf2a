"""The table of a sweep survives a crash at any byte, and never takes the place of something else."""

from __future__ import annotations

import csv
import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from keras_memlint.estimate.errors import EstimateError
from keras_memlint.estimate.sweep.rows import COLUMNS, Row, Table

ROW = Row(
    case="0a",
    script='models/a "quoted", name.py',
    script_hash="ff",
    arguments="",
    batch_size=16,
    policy=None,
    target="T4",
    python=None,
    steps=3,
    what_if=None,
    status="done",
    program_peak=1 << 40,
    largest_batch_confirmed=False,
    seconds=1.5,
)
FAILED = replace(ROW, case="0b", status="failed", reason="it was, “so to say”, not there")
NAMES = ["results.csv", "results.parquet"]


@pytest.fixture(params=NAMES)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    return tmp_path / request.param


def rows(file: Path) -> list[Row]:
    with Table(file) as table:
        return list(table.rows.values())


def fill(file: Path, *new: Row, finish: bool = True) -> None:
    with Table(file) as table:
        table.keep(table.rows)
        for row in new:
            table.add(row)
        if finish:
            table.finish([])


def test_rows_come_back_as_they_were(file: Path) -> None:
    fill(file, ROW, FAILED)
    assert rows(file) == [ROW, FAILED]


def test_rows_that_are_not_finished_come_back_too(file: Path) -> None:
    fill(file, ROW)
    fill(file, FAILED, finish=False)
    assert rows(file) == [ROW, FAILED]


def test_order_is_that_of_the_grid_and_strangers_are_last(file: Path) -> None:
    with Table(file) as table:
        table.keep([])
        for case in ("c", "x", "a", "b"):
            table.add(replace(ROW, case=case))
        table.finish(["a", "b", "c"])
    assert [row.case for row in rows(file)] == ["a", "b", "c", "x"]


def test_rows_that_are_not_kept_are_gone(file: Path) -> None:
    fill(file, ROW, FAILED)
    with Table(file) as table:
        table.keep(["0b"])
        table.finish([])
    assert rows(file) == [FAILED]


def test_every_file_of_it_is_gone_but_the_table(file: Path) -> None:
    fill(file, ROW)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_row_is_one_line_that_other_programs_read(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    fill(file, replace(ROW, reason="two\nlines\r\n and  a half"))
    assert file.read_bytes().count(b"\n") == 2
    with file.open(newline="") as lines:
        [read] = csv.DictReader(lines)
    assert tuple(read) == COLUMNS
    assert read["script"] == ROW.script
    assert read["reason"] == "two lines and a half"


def test_table_is_whole_after_a_crash_at_any_byte(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    fill(file, ROW, FAILED)
    whole = file.read_bytes()
    lines = [0, *(at + 1 for at, byte in enumerate(whole) if byte == 10)]
    for length in range(len(whole) + 1):
        file.write_bytes(whole[:length])
        complete = max(0, sum(end <= length for end in lines) - 2)
        assert rows(file) == [ROW, FAILED][:complete], length
    file.write_bytes(whole[:-5])
    fill(file, FAILED)
    assert file.read_bytes() == whole


def test_what_is_no_table_is_left_alone(tmp_path: Path) -> None:
    for name, content in (
        ("notes.csv", b"a,b\n1,2\n"),
        ("script.py", b"import keras\n"),
        ("bytes.csv", b"\xff\xfe\n"),
        ("shorter.csv", ",".join(COLUMNS).encode() + b"\n1,2\n"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(EstimateError, match=f"{name}: is not the table of a sweep"):
            Table(file)
        assert file.read_bytes() == content


def test_what_is_no_parquet_file_is_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    file = tmp_path / "results.parquet"
    file.write_bytes(b"import keras\n")
    with pytest.raises(EstimateError, match=r"results\.parquet: is not the table of a sweep"):
        Table(file)
    assert file.read_bytes() == b"import keras\n"
    assert [path.name for path in tmp_path.iterdir()] == ["results.parquet"]


def test_parquet_has_types(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "results.parquet"
    fill(file, ROW, FAILED)
    schema = parquet.read_schema(str(file))
    kinds = {name: str(schema.field(name).type) for name in ("case", "program_peak", "seconds")}
    assert kinds == {"case": "string", "program_peak": "int64", "seconds": "double"}
    assert str(schema.field("largest_batch_confirmed").type) == "bool"


def test_parquet_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(EstimateError, match=r"needs the package pyarrow.*keras-memlint\[parquet\].*\.csv"):
        Table(tmp_path / "results.parquet")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EstimateError, match="there is no folder"):
        Table(tmp_path / "absent" / "results.csv")


def test_place_that_is_no_file(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(EstimateError, match="is no file that can hold a table"):
            Table(place)


def test_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "results.csv"

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fill(file, ROW)
    with Table(file) as table:
        table.keep(table.rows)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(EstimateError, match=r"results\.csv: cannot be written: No space left"):
            table.add(FAILED)
        with pytest.raises(EstimateError, match="No space left"):
            table.finish([])
    monkeypatch.undo()
    assert ROW in rows(file)
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="nobody locks there")
def test_two_sweeps_do_not_share_a_table(tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    command = (
        "import sys; from pathlib import Path; from keras_memlint.estimate.sweep.rows import Table\n"
        "Table(Path(sys.argv[1]))"
    )
    with Table(file) as table:
        table.keep([])
        other = subprocess.run(
            [sys.executable, "-c", command, str(file)], capture_output=True, text=True, check=False
        )
    assert "another sweep is writing to it" in other.stderr
