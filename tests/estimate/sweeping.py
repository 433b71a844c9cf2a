"""What the tests of sweeps share: grids in a folder, runs of the command line, and whether anything is left of them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def write_grid(folder: Path, text: str, **scripts: str) -> Path:
    """A grid, and scripts by name with what is to happen to them."""
    for name, what in scripts.items():
        (folder / f"{name}.py").write_text(f"# {what}\n")
    (folder / "grid.toml").write_text(f'scripts = ["*.py"]\n{text}\n')
    return folder / "grid.toml"


def environment(folder: Path) -> dict[str, str]:
    """For a process that can import what this one can, with a folder of its own for temporary files."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {**os.environ, "PYTHONPATH": path, "TMPDIR": str(temporary)}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """``estimate --sweep`` in a process of its own that hears Ctrl-C."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from sweep_cases import main; main()",
            *("--sweep", "grid.toml", "--output", "results.csv"),
            *arguments,
        ],
        cwd=folder,
        env=environment(folder),
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and standard error."""
    process = start(folder, *arguments)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


def interrupt(process: subprocess.Popen[str]) -> tuple[int, str]:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


def rows(file: Path) -> list[dict[str, Any]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def runs(folder: Path) -> list[str]:
    """A line for each case that was begun."""
    file = folder / "runs"
    return file.read_text().splitlines() if file.exists() else []


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def others(folder: Path) -> list[int]:
    """The processes that cases started, as many as still run."""
    file = folder / "others"
    return [pid for pid in map(int, file.read_text().split() if file.exists() else ()) if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
