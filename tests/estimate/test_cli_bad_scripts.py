"""Scripts that cannot be estimated: one sentence says why, the exit status is 2, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "keras_memlint", "estimate")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX")


class Place:
    """A folder with a script in it, and a temporary folder of its own."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.temporary = root / "tmp"
        self.folder.mkdir()
        self.temporary.mkdir()

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        return kept | {"TMPDIR": str(self.temporary), "COLUMNS": "200"}

    def write(self, code: str) -> None:
        (self.folder / "train.py").write_text(code, encoding="utf-8")

    def run(self, *arguments: str, code: str | None = None) -> subprocess.CompletedProcess[str]:
        if code is not None:
            self.write(code)
        before = self.files()
        ran = subprocess.run(
            [*COMMAND, *(arguments or ("train.py", "--target", "t4"))],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert self.files() == before, "a file of the user's was written"
        self.check_nothing_is_left()
        return ran

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def check_nothing_is_left(self) -> None:
        assert list(self.temporary.iterdir()) == []
        until = time.monotonic() + 10
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.05)
        assert left == []

    def processes(self) -> list[int]:
        """The processes that still work in the folder."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if link.readlink() == self.folder:
                    found.append(int(link.parent.name))
            except OSError:
                continue
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def refused(ran: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert ran.returncode == 2, ran.stderr
    assert ran.stdout == ""
    # A traceback of the script's own stands behind a bar.
    assert "\nTraceback" not in f"\n{ran.stderr}"
    *_, last = ran.stderr.splitlines()
    assert last.startswith("error: ")
    for part in parts:
        assert part in ran.stderr


def test_no_training(place: Place) -> None:
    ran = place.run(code="print('all done')\n")
    refused(ran, "train.py ended without a training step", "  | all done")


def test_crash(place: Place) -> None:
    refused(place.run(code="x = 1\nx / 0\n"), "train.py failed at", "train.py:2", "ZeroDivisionError")


def test_syntax_error(place: Place) -> None:
    refused(place.run(code="x = (\n"), "train.py failed at", "SyntaxError")


def test_asks_for_input(place: Place) -> None:
    refused(place.run(code="name = input('which? ')\n"), "asks for input", "train.py:1", "--")


@pytest.mark.parametrize("how", ["import sys; sys.exit(3)", "raise SystemExit('no data here')", "quit()"])
def test_ends_itself(place: Place, how: str) -> None:
    refused(place.run(code=how), "ended itself")


def test_ends_its_process(place: Place) -> None:
    refused(place.run(code="import os; os._exit(0)"), "ended its own process before training (status 0)")


def test_loops_for_ever(place: Place) -> None:
    place.write("while True: pass\n")
    ran = place.run("train.py", "--target", "t4", "--time-limit", "3")
    refused(ran, "no training step within 3 s", "--time-limit")


@posix
def test_killed_for_memory(place: Place) -> None:
    code = "import os, time\ndata = b'x' * (150 << 20)\ntime.sleep(1)\nos.kill(os.getpid(), 9)\n"
    ran = place.run(code=code)
    refused(ran, "was killed by the system, most likely because memory ran out")
    if sys.platform.startswith("linux"):
        assert "MiB resident" in ran.stderr


@posix
def test_forks_and_leaves_the_child(place: Place) -> None:
    code = "import os, time\nif os.fork() == 0:\n    time.sleep(300)\nprint('parent')\n"
    refused(place.run(code=code), "ended without a training step")


@posix
def test_starts_processes_that_ignore_signals(place: Place) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import signal, time;"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)'])\n"
        "raise RuntimeError('stop')\n"
    )
    refused(place.run(code=code), "RuntimeError: stop")


def test_catches_everything(place: Place) -> None:
    code = "try:\n    input()\nexcept BaseException:\n    pass\nprint('went on')\n"
    refused(place.run(code=code), "ended without a training step", "  | went on")


def test_module_that_is_missing(place: Place) -> None:
    ran = place.run(code="import a_framework_that_is_not_here\n")
    refused(ran, f"which the Python that it was run with does not have ({sys.executable})", "(--python)")


def test_programs_have_no_options_to_be_told_of(place: Place) -> None:
    place.write("import a_framework_that_is_not_here\n")
    ran = place.run("train.py", "--target", "t4", "--progress", "json")
    refused(ran, "needs `a_framework_that_is_not_here`", "choose the one that the script runs with")
    assert "--" not in ran.stderr
    ran = place.run("train.py", "--python", "no/python", "--progress", "json")
    assert ran.stderr == "error: there is no Python `no/python`\n"


def test_script_that_is_missing(place: Place) -> None:
    refused(place.run("nowhere.py"), "nowhere.py: there is no such file")


def test_neither_script_nor_module(place: Place) -> None:
    refused(place.run("--target", "t4"), "name a script")


def test_module_run_by_name(place: Place) -> None:
    (place.folder / "package").mkdir()
    (place.folder / "package" / "__init__.py").write_text("")
    (place.folder / "package" / "work.py").write_text(
        "import sys\nfrom . import __name__ as own\nprint(own, sys.argv[1:])\n"
    )
    ran = place.run("-m", "package.work", "--target", "t4", "--", "--epochs", "3")
    refused(ran, "-m package.work ended without a training step", "package ['--epochs', '3']")


def test_python_that_is_missing(place: Place) -> None:
    place.write("")
    refused(
        place.run("train.py", "--python", "no/python", "--target", "t4"), "there is no Python `no/python`"
    )


def test_unknown_gpu(place: Place) -> None:
    place.write("")
    refused(place.run("train.py", "--target", "t4,a101"), "a101", "A100")


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [("--what-if", "bfloat", "mixed_bfloat16"), ("--batch-size", "many", "many"), ("--batch-size", "0", "0")],
)
def test_wrong_words(place: Place, option: str, value: str, part: str) -> None:
    place.write("")
    refused(place.run("train.py", "--target", "t4", option, value), option, part)


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
@pytest.mark.parametrize("seconds", [0.1, 0.4, 1.5])
def test_interrupted_at_any_moment(place: Place, number: int, status: int, seconds: float) -> None:
    place.write("import time\nprint('begin')\ntime.sleep(300)\n")
    process = subprocess.Popen(
        [*COMMAND, "train.py", "--target", "t4"],
        cwd=place.folder,
        env=place.environment(),
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores the keyboard's signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    time.sleep(seconds)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    # Python itself reports a signal that comes before our first line has run.
    assert process.returncode in (status, -number, 1)
    assert process.returncode == status or seconds < 1
    assert "Traceback" not in errors or seconds < 1
    place.check_nothing_is_left()


@posix
@pytest.mark.parametrize("ends", [True, False])
def test_the_end_of_the_input_ends_it_only_where_that_was_asked_for(place: Place, ends: bool) -> None:
    place.write("import time\nprint('begin')\ntime.sleep(300 if EVER else 0.5)\n".replace("EVER", str(ends)))
    ran = subprocess.run(
        [*COMMAND, "train.py", "--target", "t4", *(["--end-with-input"] if ends else [])],
        cwd=place.folder,
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == (130 if ends else 2)
    assert ("ended without a training step" in ran.stderr) == (not ends)
    place.check_nothing_is_left()


@posix
def test_the_end_of_the_input_while_the_temporary_folder_is_tried(place: Place) -> None:
    # Python tries it with a file that it removes again.
    place.write("import time\ntime.sleep(300)\n")
    (place.folder / "sitecustomize.py").write_text(
        "import os, time\n"
        "remove = os.unlink\n"
        "def unlink(path, **options):\n"
        "    open('removing', 'w').close()\n"
        "    time.sleep(0.5)\n"
        "    remove(path, **options)\n"
        "os.unlink = unlink\n"
    )
    path = os.pathsep.join((str(place.folder), os.environ.get("PYTHONPATH", "")))
    with subprocess.Popen(
        [*COMMAND, "train.py", "--target", "t4", "--end-with-input"],
        cwd=place.folder,
        env=place.environment() | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as running:
        until = time.monotonic() + 30
        while not (place.folder / "removing").exists() and time.monotonic() < until:
            time.sleep(0.02)
    assert running.returncode == 130
    place.check_nothing_is_left()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train.py", "--output", "report.html"), "--output belongs to --sweep; for the report write > FILE"),
        (("train.py", "--jobs", "2"), "--jobs belongs to --sweep"),
        (("train.py", "--sweep", "grid.toml"), "--sweep runs the scripts that grid.toml names"),
        (("--sweep", "grid.toml", "--target", "t4"), "write `targets` into grid.toml"),
    ],
)
def test_options_that_would_be_left_out(place: Place, words: tuple[str, ...], said: str) -> None:
    ran = place.run(*words, code="")
    assert ran.returncode == 2
    assert said in ran.stderr
