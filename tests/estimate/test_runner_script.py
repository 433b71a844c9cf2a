"""How the runner runs a script, and what it says of scripts without a training step. No framework is needed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.analysis.text.files import read_script
from keras_memlint.estimate.runner import notebook

RUNNER = Path(__file__).parents[2] / "estimate" / "runner"
Run = Callable[..., Any]


def test_script_is_main_as_without_the_runner(run: Run, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("value = 41\n")
    (tmp_path / "channel.py").write_text("value = 1\n")
    conversation = run(
        """
        import os, sys, pickle, helper, channel
        class Thing: pass
        print(__name__, sys.argv[1:], os.getcwd() == sys.path[0], helper.value + channel.value)
        print(type(pickle.loads(pickle.dumps(Thing()))).__module__, sys.stdin.read() == "")
        print(any("runner" in entry for entry in sys.path))
        """,
        arguments=["--epochs", "3"],
    )
    assert conversation.event["outcome"] == "no-training"
    assert conversation.output().splitlines() == [
        "__main__ ['--epochs', '3'] True 42",
        "__main__ True",
        "False",
    ]
    assert conversation.close() == 0


def test_module_runs_from_the_working_directory(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").touch()
    (tmp_path / "pkg/other.py").write_text("value = 5\n")
    (tmp_path / "pkg/train.py").write_text(
        "import sys\nfrom .other import value\nprint(__name__, value, sys.argv)\n"
    )
    conversation = run(module="pkg.train", arguments=["x"])
    assert conversation.event["outcome"] == "no-training"
    assert conversation.output() == f"__main__ 5 [{str(tmp_path / 'pkg/train.py')!r}, 'x']\n"


def test_notebook_without_what_only_ipython_knows(run: Run, tmp_path: Path) -> None:
    cells = [
        ("markdown", "# title"),
        ("code", "%matplotlib inline\n!pip install keras \\\n  numpy\nx = 1\nfiles = !ls"),
        ("code", ["%%bash\n", "rm -rf /"]),
        ("code", "def own(line, cell):\n    if line == 'yes':\n        get_ipython().run_cell(cell)"),
        (
            "code",
            "get_ipython().register_magic_function(own, 'cell')\nget_ipython().run_line_magic('pip', 'x')",
        ),
        ("code", "%%own yes\nx = 3\n%pip install y"),
        ("code", "%%own no\n1 / 0"),
        ("code", "%%unknown\n1 / 0"),
        ("code", "print(x)"),
        ("code", "%%time\nif x:\n    !echo\n    x = 2\nprint?"),
        ("code", "text = '''\n%kept\n'''\ndisplay(x)\nprint(text.strip())"),
    ]
    content = {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}
    (tmp_path / "a.ipynb").write_text(json.dumps(content))
    conversation = run(script=str(tmp_path / "a.ipynb"), notebook=True)
    assert conversation.event["outcome"] == "no-training", conversation.output()
    assert conversation.output() == "3\n2\n%kept\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("print(1)", {"outcome": "no-training", "status": 0}),
        (
            "def f():\n    1 / 0\nf()",
            {"outcome": "crashed", "detail": "ZeroDivisionError: division by zero", "where": "2"},
        ),
        ("x = (", {"outcome": "crashed", "where": "1"}),
        (
            "import json, absent_module",
            {"outcome": "crashed", "missing_module": "absent_module", "where": "1"},
        ),
        ("import sys\nsys.exit(3)", {"outcome": "exited", "status": 3, "where": "2"}),
        ("import sys\nsys.exit('no data')", {"outcome": "exited", "status": 1, "detail": "no data"}),
        ("name = input('Which data? ')", {"outcome": "input", "detail": "Which data?", "where": "1"}),
    ],
)
def test_how_a_script_without_training_ends(run: Run, text: str, expected: dict[str, object]) -> None:
    conversation = run(text)
    event = conversation.event
    if "where" in expected:
        expected = {**expected, "where": f"{conversation.folder / 'train.py'}:{expected['where']}"}
    assert {key: event[key] for key in expected} == expected
    assert event["resident_peak"] > 1_000_000


def test_traceback_shows_the_script_alone(run: Run) -> None:
    conversation = run("def f():\n    1 / 0\nf()\n")
    assert conversation.event["outcome"] == "crashed"
    lines = conversation.output().splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line for line in lines if line.startswith("  File")] == [
        f'  File "{conversation.folder / "train.py"}", line 3, in <module>',
        f'  File "{conversation.folder / "train.py"}", line 2, in f',
    ]


def test_traceback_through_the_runner_shows_the_script_alone(run: Run) -> None:
    """What the runner stands in front of, as ``open``, and causes of errors."""
    conversation = run(
        """
        import os
        def read():
            try:
                return open("nothing.npy", "rb")
            except OSError as error:
                os.rename("here", "there")
        try:
            read()
        except OSError as error:
            raise ValueError("no data") from error
        """
    )
    assert conversation.event["outcome"] == "crashed"
    output = conversation.output()
    files = [line.split('"')[1] for line in output.splitlines() if line.startswith("  File")]
    assert files == [str(conversation.folder / "train.py")] * 4
    assert output.count("FileNotFoundError: [Errno 2]") == 2
    assert output.endswith("ValueError: no data\n")
    assert "The above exception was the direct cause" in output


def test_end_of_the_client_ends_a_busy_script_and_its_finally(run: Run, tmp_path: Path) -> None:
    conversation = run(
        """
        import time
        try:
            time.sleep(60)
        finally:
            open("late", "w")
        """
    )
    conversation.until("stage")
    began = time.monotonic()
    assert conversation.close() == 0
    assert time.monotonic() - began < 10
    assert not (tmp_path / "late").exists()


def test_children_do_not_hold_the_channel_open(run: Run) -> None:
    conversation = run(
        """
        import os, subprocess, sys, time
        if hasattr(os, "fork") and os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
        """
    )
    assert conversation.event["outcome"] == "no-training"
    began = time.monotonic()
    assert conversation.process.stdout
    conversation.close()
    assert conversation._lines.get(timeout=10) == b""
    assert time.monotonic() - began < 10


def test_files_of_the_user_stay_as_they_were(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("before")
    (tmp_path / "results").mkdir()
    (tmp_path / "results/best.txt").write_text("0.9")
    conversation = run(
        """
        import os, shutil
        from pathlib import Path
        with open("log.txt", "a") as log:
            log.write(" and after")
        print(Path("log.txt").read_text())
        Path("results/best.txt").write_text("nothing")
        shutil.rmtree("results")
        os.mkdir("results")
        os.makedirs("empty/inner")
        Path("words.txt").write_text("new")
        os.replace("words.txt", "log.txt")
        """
    )
    event = conversation.event
    assert event["outcome"] == "no-training", conversation.output()
    assert conversation.output() == "before and after\n"
    assert (tmp_path / "log.txt").read_text() == "before"
    assert (tmp_path / "results/best.txt").read_text() == "0.9"
    assert not (tmp_path / "empty").exists()
    assert event["blocked"] == {"overwriting files": 2, "removing files": 2}
    assert event["written"] == [str(tmp_path / "words.txt")]


def test_a_file_of_the_user_that_is_moved_stays_and_is_found_at_both_ends(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/data.csv").write_text("0,0")
    conversation = run(
        """
        import os, shutil
        os.rename("data.csv", "raw.csv")
        print(open("raw.csv").read())
        shutil.move("old/data.csv", "older.csv")
        with open("raw.csv", "a") as more:
            more.write(",3")
        os.replace("raw.csv", "rawer.csv")
        print(open("rawer.csv").read(), open("older.csv").read())
        os.rename("old", "ancient")
        """
    )
    event = conversation.event
    assert event["outcome"] == "no-training", conversation.output()
    assert conversation.output() == "1,2\n1,2,3 0,0\n"
    assert (tmp_path / "data.csv").read_text() == "1,2"
    assert (tmp_path / "old/data.csv").read_text() == "0,0"
    assert event["blocked"] == {"removing files": 3}
    assert sorted(event["written"]) == [str(tmp_path / "older.csv"), str(tmp_path / "raw.csv")]


@pytest.mark.parametrize(
    "cells", [["a = 1", "c = 3"], ["a = 1\n", "%%bash\nls\n", "", "c = 3"], ["a\r\nb\r\n", "c = 3"]]
)
def test_lines_of_a_notebook_are_those_of_the_linter(tmp_path: Path, cells: list[str]) -> None:
    path = tmp_path / "train.ipynb"
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    texts = (notebook.program(str(path)), read_script(path, str(path)).source.text)
    run_at, read_at = (text.split("\n").index("c = 3") for text in texts)
    assert run_at == read_at
