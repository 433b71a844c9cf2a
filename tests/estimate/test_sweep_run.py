"""A sweep in processes of this machine: every case becomes a row, whatever happens, and nothing is left behind."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import sweeping
from keras_memlint.estimate import isolated
from keras_memlint.estimate.executors import open_executor
from keras_memlint.estimate.sweep.cases import cases_of
from keras_memlint.estimate.sweep.grid import read_grid
from keras_memlint.estimate.sweep.rows import Row, Table
from keras_memlint.estimate.sweep.run import Summary, run_sweep
from sweep_cases import estimate_case
from sweeping import interrupt, others, rows, runs, start, until, write_grid

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells what is left behind")


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(isolated, "GRACE_SECONDS", 0.3)
    return folder


def sweep(folder: Path, *, retry_failed: bool = False, jobs: int = 4) -> tuple[Summary, list[Row]]:
    told: list[Row] = []

    def tell(new: Sequence[Row], _: Summary) -> None:
        told.extend(new)

    with Table(folder / "results.csv") as table, open_executor(None, jobs) as executor:
        summary = run_sweep(
            cases_of(read_grid(folder / "grid.toml")),
            table,
            estimate_case,
            executor,
            retry_failed=retry_failed,
            tell=tell,
        )
    return summary, told


def test_every_case_is_a_row_whatever_happens(tmp_path: Path, temporary: Path) -> None:
    write_grid(
        tmp_path,
        "time-limit = 4",
        a="fine",
        b="refuse",
        c="raise",
        d="die",
        e="hang",
        f="exit",
        g="fine",
    )
    summary, told = sweep(tmp_path)
    assert summary == Summary(total=7, new=7, failed=5)
    written = rows(tmp_path / "results.csv")
    assert [(row["script"], row["status"], row["reason"]) for row in written] == [
        ("a.py", "done", ""),
        ("b.py", "failed", "the script trains nothing; call `fit`"),
        ("c.py", "failed", "ValueError: three"),
        ("d.py", "failed", "the process died (signal 9)"),
        ("e.py", "failed", "took longer than 4 s and was stopped"),
        ("f.py", "failed", "the process ended with status 7: no space left"),
        ("g.py", "done", ""),
    ]
    assert {row.case for row in told} == {row["case"] for row in written}
    assert others(tmp_path) == []
    assert list(temporary.iterdir()) == []


def test_a_row_says_what_the_estimate_says(tmp_path: Path) -> None:
    write_grid(
        tmp_path,
        'batch-sizes = [48]\ntargets = ["t4", "a100-80"]\npolicies = ["mixed_bfloat16"]\nwhat-if = ["sgd"]',
        a="fine",
    )
    sweep(tmp_path)
    assert len(runs(tmp_path)) == 1, "one run is enough for all targets"
    small, large = rows(tmp_path / "results.csv")
    gib = 1 << 30
    for row in (small, large):
        assert int(row["program_peak"]) == 6 * gib
        assert int(row["device_total"]) == 6 * gib + 2
        assert row["batch_size"] == row["used_batch_size"] == "48"
        assert row["policy"] == row["used_policy"] == "mixed_bfloat16"
        assert (row["tier"], row["route"], row["optimizer"]) == ("compiler", "tensorflow", "Adam")
        assert row["what_if_saved"] == '{"sgd": 1000}'
        assert int(row["parameters"]) == gib
    assert (small["target"], small["fits"], small["largest_batch"]) == ("T4", "yes", "90")
    assert (large["target"], large["fits"], large["largest_batch"]) == ("A100 80GB", "yes", "480")
    # Those of the estimate's first target.
    assert small["activations"] == str(3 * gib)
    assert large["activations"] == ""


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    write_grid(tmp_path, 'batch-sizes = [16, 32]\ntargets = ["t4"]', a="fine", b="raise")
    sweep(tmp_path)
    before = (tmp_path / "results.csv").read_bytes()
    summary, told = sweep(tmp_path)
    assert (summary, told) == (Summary(total=4, kept=4, failed=2), [])
    assert (tmp_path / "results.csv").read_bytes() == before
    # Another target is another row, for which the script has to run; the others stay.
    write_grid(tmp_path, 'batch-sizes = [16]\ntargets = ["t4", "l4"]', a="fine", b="raise")
    summary, told = sweep(tmp_path)
    assert sorted((row.script, row.target) for row in told) == [("a.py", "L4"), ("b.py", "L4")]
    assert summary.kept == 2
    assert len(rows(tmp_path / "results.csv")) == 6
    assert Counter(line.split(" by ")[0] for line in runs(tmp_path)) == Counter(
        [f"{name}.py {batch} T4" for name in "ab" for batch in (16, 32)] + ["a.py 16 L4", "b.py 16 L4"]
    )


def test_failed_ones_are_tried_again_when_asked(tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="fine", b="need go", c="die")
    summary, _ = sweep(tmp_path)
    assert summary.failed == 2
    (tmp_path / "go").touch()
    summary, told = sweep(tmp_path, retry_failed=True)
    assert sorted((row.script, row.status) for row in told) == [("b.py", "done"), ("c.py", "failed")]
    assert summary == Summary(total=3, kept=1, new=2, failed=1)
    assert [row["status"] for row in rows(tmp_path / "results.csv")] == ["done", "done", "failed"]


def test_another_text_is_another_case(tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="fine", b="raise")
    sweep(tmp_path)
    write_grid(tmp_path, "", b="fine")
    summary, [row] = sweep(tmp_path)
    assert (row.script, row.status) == ("b.py", "done")
    assert summary == Summary(total=2, kept=1, new=1)
    assert [row["status"] for row in rows(tmp_path / "results.csv")] == ["done", "done"]


def test_rows_of_another_version_are_told(tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="fine")
    sweep(tmp_path)
    file = tmp_path / "results.csv"
    file.write_text(file.read_text().replace(rows(file)[0]["version"], "0.0.1"))
    summary, _ = sweep(tmp_path)
    assert summary == Summary(total=1, kept=1, older=1)


def test_no_more_than_so_many_at_once(tmp_path: Path) -> None:
    write_grid(tmp_path, "batch-sizes = [1, 2, 3]", a="wait go")
    process = start(tmp_path, "--jobs", "2")
    until(lambda: len(runs(tmp_path)) == 2)
    with pytest.raises(AssertionError, match="did not happen"):
        until(lambda: len(runs(tmp_path)) > 2, 0.5)
    (tmp_path / "go").touch()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert len(runs(tmp_path)) == 3


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(tmp_path: Path) -> None:
    write_grid(tmp_path, "batch-sizes = [1, 2]", a="fine", b="wait go", c="hang")
    process = start(tmp_path, "--jobs", "2")
    until(lambda: (tmp_path / "results.csv").exists() and len(rows(tmp_path / "results.csv")) == 2)
    until(lambda: len(runs(tmp_path)) == 4)
    status, err = interrupt(process)
    assert status == 130
    assert "the same command goes on from there" in err
    assert [row["script"] for row in rows(tmp_path / "results.csv")] == ["a.py", "a.py"]
    assert list((tmp_path / "tmp").iterdir()) == []
    (tmp_path / "go").touch()
    (tmp_path / "c.py").write_text("# fine\n")
    status, err = sweeping.run(tmp_path)
    assert status == 0
    assert "6 rows, 2 of them from before" in err
    assert Counter(line.split()[0] for line in runs(tmp_path)) == {"a.py": 2, "b.py": 4, "c.py": 2}


@pytest.mark.parametrize("what", ["hang", "wait go"])
def test_nothing_outlives_a_sweep_that_is_killed(tmp_path: Path, what: str) -> None:
    write_grid(tmp_path, "", a="fine", b=what)
    process = start(tmp_path, "--jobs", "1")
    until(lambda: len(runs(tmp_path)) == 2 and (what != "hang" or others(tmp_path)))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [row["script"] for row in rows(tmp_path / "results.csv")] == ["a.py"]
    until(lambda: others(tmp_path) == [] and list((tmp_path / "tmp").iterdir()) == [])
    (tmp_path / "go").touch()
    (tmp_path / "b.py").write_text("# fine\n")
    status, err = sweeping.run(tmp_path)
    assert status == 0
    assert "2 rows, 1 of them from before" in err


def test_command_line(tmp_path: Path) -> None:
    write_grid(tmp_path, "", a="fine", b="raise")
    status, err = sweeping.run(tmp_path)
    assert status == 1
    assert err.splitlines() == [
        "warning: b.py: ValueError: three",
        "note: results.csv: 2 rows",
        "warning: results.csv: 1 row failed, the column `reason` says why; --retry-failed runs them again",
    ]


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("batchsizes = [1]", (), "grid.toml: `batchsizes` is no key of a grid"),
        ('python = "no-such-python"', (), "`python`: no-such-python is no program that can be run"),
        ("", ("--output", "absent/r.csv"), "there is no folder absent"),
        ("", ("--output", "a.py"), "a.py: is not the table of a sweep"),
    ],
)
def test_mistakes_end_with_status_2_and_run_nothing(
    tmp_path: Path, text: str, arguments: tuple[str, ...], words: str
) -> None:
    write_grid(tmp_path, text, a="fine")
    status, err = sweeping.run(tmp_path, *arguments)
    assert status == 2
    assert words in err
    assert err.count("\n") == 1
    assert runs(tmp_path) == []
    assert not (tmp_path / "results.csv").exists() or rows(tmp_path / "results.csv") == []
