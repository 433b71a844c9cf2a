"""Compares keras-memlint with libcst alone, Ruff, flake8 with bugbear, Fixit 2 and TorchFix, on the same files in one run.

``python benchmarks/speed/run.py FOLDER --peers PYTHON`` takes every Nth Keras file below FOLDER. PYTHON is that of an
environment with ``benchmarks/speed/requirements.txt`` installed. Writes ``results.json``, the table in ``README.md`` and
``speed.svg``. CPU seconds are those of the process and its children; only the ratios mean anything on another machine.
A cold check and libcst alone run in turn, and their ratio is that of the median pair: the machine's speed drifts.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PAIRS = 7
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def sample(folder: Path, every: int, to: Path) -> list[str]:
    """Copies of every Nth Keras file that parses, in one folder."""
    import libcst
    from keras_memlint.analysis.projects.relevance import RELEVANT

    found = []
    paths = sorted(path for path in folder.rglob("*.py") if path.is_file())
    for number, path in enumerate(paths[::every]):
        text = path.read_bytes().decode("utf-8", "replace")
        if "\0" in text or not RELEVANT.search(text):
            continue
        try:
            libcst.parse_module(text)
        except Exception:
            continue
        target = to / f"f{number:05}.py"
        target.write_text(text, encoding="utf-8")
        found.append(str(target))
    return found


def statements(name: str) -> int:
    """Lines that start a statement at module level, roughly: what tells a script from one long table."""
    lines = Path(name).read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line[:1].isalpha())


def once(command: list[str], stdin: str = "") -> tuple[float, float]:
    """CPU and wall seconds of a command. Raises SystemExit when it cannot be started."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "No module named" in done.stderr:
        raise SystemExit(f"{command[0]}: {done.stderr.strip().splitlines()[-1]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def typical(command: list[str], repeat: int = 3) -> tuple[float, float]:
    """Median CPU and wall seconds of a command, without its first run. Raises SystemExit as ``once``."""
    runs = [once(command) for _ in range(1 + repeat)][1:]
    return statistics.median(cpu for cpu, _ in runs), statistics.median(wall for _, wall in runs)


def cpu(command: list[str], repeat: int = 3) -> float:
    """Median CPU seconds, as ``typical``."""
    return typical(command, repeat)[0]


def median_pair(alone: list[str], listed: str, checked: list[str]) -> tuple[float, float]:
    """CPU seconds of the two commands, in turn, of the pair whose ratio is the median one. ``listed``: what the first
    one reads."""
    pairs = [(once(alone, listed)[0], once(checked)[0]) for _ in range(1 + PAIRS)][1:]
    return sorted(pairs, key=lambda pair: pair[1] / pair[0])[PAIRS // 2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", required=True, help="the Python with the peers")
    parser.add_argument("--every", type=int, default=40)
    arguments = parser.parse_args()
    us, peers = [sys.executable, "-m", "keras_memlint"], str(Path(arguments.peers).parent)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary) / "files"
        work.mkdir()
        files = sample(arguments.folder, arguments.every, work)
        lines = sum(Path(name).read_text(encoding="utf-8").count("\n") for name in files)
        listed = "\n".join(files)
        os.environ["XDG_CACHE_HOME"] = str(Path(temporary) / "cache")
        # Installed packages are compiled; a checkout is, too, once it ran where Python may write.
        os.environ["PYTHONDONTWRITEBYTECODE"] = ""
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(temporary) / "compiled")
        rows: dict[str, float] = {}
        rows["libcst.parse_module alone"], rows["keras-memlint, cold"] = median_pair(
            [sys.executable, str(HERE / "parse_only.py")],
            listed,
            [*us, "check", "--no-cache", "--jobs", "1", str(work)],
        )
        rows["keras-memlint, warm"] = cpu([*us, "check", "--jobs", "1", str(work)])
        rows["Ruff, all rules"] = cpu(
            [f"{peers}/ruff", "check", "--isolated", "--no-cache", "--select", "ALL", "-q", str(work)]
        )
        rows["flake8 with bugbear"] = cpu([f"{peers}/flake8", "--isolated", "-j", "1", *files])
        rows["Fixit 2"] = cpu([f"{peers}/fixit", "lint", *files], repeat=1)
        widened = str(HERE / "widened_torchfix.py")
        rows["TorchFix, filter widened"] = cpu(
            [arguments.peers, widened, "--select", "ALL", "-j", "1", *files], repeat=1
        )
        one = files[len(files) // 2]
        warm = typical([*us, "check", one], repeat=7)[1] * 1000
        longest = max(files, key=statements)
        typed = json.loads(
            subprocess.run(
                [sys.executable, str(HERE / "keystroke.py"), longest, "2000"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        shutil.rmtree(work)
    base = rows["libcst.parse_module alone"]
    results = {
        "files": len(files),
        "lines": lines,
        "cpu_seconds": rows,
        "warm_one_file_ms": warm,
        "keystroke_ms": typed,
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    text = [
        f"{len(files)} files, {lines:,} lines, one core.",
        "",
        "| tool | CPU s | × libcst alone | × keras-memlint cold |",
        "| --- | --- | --- | --- |",
    ]
    ours = rows["keras-memlint, cold"]
    text += [
        f"| {name} | {value:.2f} | {value / base:.2f} | {value / ours:.2f} |" for name, value in rows.items()
    ]
    text += [
        "",
        f"Warm check of one file: {warm:.0f} ms of wall clock. One keystroke in a script of {typed['lines']:.0f} lines: "
        f"{typed['median']:.0f} ms at the median, {typed['worst']:.0f} ms at worst (first analysis {typed['first']:.0f} ms).",
    ]
    page = (HERE / "README.md").read_text(encoding="utf-8")
    head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
    (HERE / "README.md").write_text(f"{head}{BEGIN}\n" + "\n".join(text) + f"\n{END}{tail}", encoding="utf-8")
    print("\n".join(text))
    plot(rows, arguments.peers)


def plot(rows: dict[str, float], python: str) -> None:
    """The bars of ``speed.svg``, drawn with the peers' Matplotlib."""
    code = (
        "import json, sys, matplotlib; matplotlib.use('svg'); import matplotlib.pyplot as plt\n"
        "rows = json.load(sys.stdin); figure, axes = plt.subplots(figsize=(7, 3))\n"
        "axes.barh(list(rows)[::-1], list(rows.values())[::-1], color='#4472c4'); axes.set_xscale('log')\n"
        "axes.set_xlabel('CPU seconds (logarithmic)'); figure.tight_layout(); figure.savefig(sys.argv[1], metadata={'Date': None})\n"
    )
    subprocess.run(
        [python, "-c", code, str(HERE / "speed.svg")], input=json.dumps(rows), text=True, check=True
    )


if __name__ == "__main__":
    main()
