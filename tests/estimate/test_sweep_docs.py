"""The page about sweeps shows a grid that works, names every key, and its commands are accepted."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest
from keras_memlint.estimate.executors import open_executor
from keras_memlint.estimate.sweep.cases import cases_of
from keras_memlint.estimate.sweep.grid import _KEYS, Grid, read_grid
from keras_memlint.estimate.sweep.rows import Table
from keras_memlint.estimate.sweep.run import run_sweep
from keras_memlint.server.arguments import add_sweep_arguments, parse
from sweep_cases import estimate_case
from sweeping import ROOT, rows

PAGE = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^keras-memlint (.*)$", PAGE, re.MULTILINE)


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_grid_of_the_page_is_read_and_run(tmp_path: Path) -> None:
    for name in ("train/resnet.py", "train/vit.py", "notebooks/unet.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# fine\n")
    (tmp_path / "grid.toml").write_text(block("toml"), encoding="utf-8")
    cases = cases_of(read_grid(tmp_path / "grid.toml"))
    # One script with two command lines, two with one; two batch sizes and two policies; two GPUs.
    assert len(cases) == 4 * 2 * 2
    assert {case.arguments for case in cases if case.name == "train/vit.py"} == {("--data", "sample")}
    few = [case for case in cases if case.policy == "mixed_bfloat16" and case.batch_size == 64]
    with Table(tmp_path / "results.csv") as table, open_executor(None, 2) as executor:
        summary = run_sweep(few, table, estimate_case, executor)
    assert (summary.total, summary.failed) == (8, 0)
    assert [row["arguments"] for row in rows(tmp_path / "results.csv")] == [
        *["--depth 50"] * 2,
        *["--depth 101"] * 2,
        *["--data sample"] * 2,
        *[""] * 2,
    ]


def test_every_key_is_explained_and_no_other() -> None:
    cells = re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(cells))) == sorted(_KEYS)


def test_defaults_are_those_of_the_grid() -> None:
    grid = Grid(Path(), ())
    for key, value in (("steps", grid.steps), ("time-limit", f"{grid.time_limit:g}")):
        assert re.search(rf"^\| `{key}` \|.*\| {value} \|$", PAGE, re.MULTILINE), key


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_accepted(command: str) -> None:
    name, *words = shlex.split(command)
    if name == "check":
        assert parse([name, *words]).scheduler
        return
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_sweep_arguments(parser)
    assert parser.parse_args(words).sweep == "grid.toml"


@pytest.mark.parametrize("jobs", ["0", "many", "-1"])
def test_jobs_is_a_number(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_sweep_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--jobs", jobs])
    assert "is no number of processes" in capsys.readouterr().err
