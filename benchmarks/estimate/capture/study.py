"""Runs the runner on public scripts: ``python study.py --sources FOLDER --python PYTHON [--only TEXT] [--limit SECONDS]``.

``scripts.tsv`` names the scripts; ``FOLDER/<owner>+<name>/`` holds a checkout of each repository at the revision given there.
They run unchanged, each in an empty folder; what they would download is made up by ``standins/``. One row a script goes to
``results.tsv``: caught at which line and how, or the reason why not. Rows that are there already are kept: delete the file to start anew.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNNER = HERE.parents[2] / "estimate" / "runner"
RESULT = HERE / "results.tsv"
FIELDS = (
    "repository", "revision", "script", "backend", "result", "hook", "line", "batch", "steps", "program", "liveness",
    "seconds", "blocked", "left behind", "reason", "by itself",
)  # fmt: skip


def main() -> None:
    """Runs what has no row yet, and prints the count."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sources", type=Path, required=True, nargs="+")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--only", default="")
    options.add_argument("--limit", type=float, default=240)
    options.add_argument("--again", action="store_true", help="also those that have a row")
    options.add_argument("--results", type=Path, default=RESULT)
    given = options.parse_args()
    rows = _read(given.results) if given.results.exists() else []
    for script in _read(HERE / "scripts.tsv"):
        name = (script["repository"], script["script"], script["backend"])
        known = [row for row in rows if (row["repository"], row["script"], row["backend"]) == name]
        if given.only not in "/".join(name[:2]) or (known and not given.again):
            continue
        row = {**script, **_run(script, given.sources, given.python, given.limit)}
        rows = [old for old in rows if old not in known] + [row]
        _write(given.results, rows)
        print(
            row["result"],
            row["repository"],
            row["script"],
            row.get("hook", ""),
            row["seconds"],
            row["reason"],
            flush=True,
        )
    caught = sum(row["result"] == "caught" for row in rows)
    broken = sum((row.get("by itself") or "").startswith("fails") for row in rows)
    print(f"{caught} of {len(rows) - broken} caught; {broken} more fail by themselves")


def _run(script: dict[str, str], sources: list[Path], python: str, limit: float) -> dict[str, Any]:
    folder = script["repository"].replace("/", "+")
    path = next((found for root in sources if (found := root / folder / script["script"]).exists()), None)
    if path is None:
        return {"result": "not run", "reason": "no checkout", "seconds": ""}
    with tempfile.TemporaryDirectory() as place:
        work, out = Path(place) / "work", Path(place) / "out"
        out.mkdir()
        if script.get("data"):
            _prepare(work, script["data"])
        else:
            work.mkdir()
        before = _files(work)
        request = {
            "script": str(path.resolve()),
            "notebook": path.suffix == ".ipynb",
            "cwd": str(work),
            "out": str(out),
            "steps": 2,
        }
        (out / "request.json").write_text(json.dumps(request))
        began = time.monotonic()
        found = _talk(out / "request.json", python, script["backend"], limit)
        found["seconds"] = round(time.monotonic() - began, 1)
        found["left behind"] = " ".join(sorted(_files(work) - before)[:4])
        if found["result"] == "crashed":
            found["by itself"] = _plainly(path, work, python, script["backend"], limit)
        return found


def _plainly(path: Path, work: Path, python: str, backend: str, limit: float) -> str:
    """How the script ends without the runner: the same error means that there is nothing to catch."""
    if path.suffix == ".ipynb":
        spec = importlib.util.spec_from_file_location("notebook", RUNNER / "notebook.py")
        assert spec and spec.loader
        notebook = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(notebook)
        head = "from IPython.display import display\nget_ipython = lambda: None\n"
        text, path = notebook.program(str(path)), work / "notebook_as_script.py"
        path.write_text(head + text)
    command = [python, str(path)]
    try:
        done = subprocess.run(
            command, cwd=work, env=_environment(backend), capture_output=True, text=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return "runs on"
    error = [line for line in done.stderr.splitlines() if line[:1].isalpha() and "Error" in line]
    return "runs through" if done.returncode == 0 else f"fails too: {(error or [''])[-1][:120]}"


def _environment(backend: str) -> dict[str, str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE / "standins"),
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "Agg",
    }
    return {**environment, "KERAS_BACKEND": backend} if backend else environment


def _files(work: Path) -> set[str]:
    return {str(path.relative_to(work)) for path in work.rglob("*")}


def _prepare(work: Path, recipe: str) -> None:
    """Data that a script expects in its folder."""
    sys.path.insert(0, str(HERE / "standins"))
    import standin_files

    work.mkdir()
    getattr(standin_files, recipe)(work)
    sys.path.pop(0)


def _talk(request: Path, python: str, backend: str, limit: float) -> dict[str, Any]:
    """One conversation with the runner: until the step is caught, and for its program."""
    process = subprocess.Popen(
        [python, str(RUNNER), str(request)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(backend),
    )
    lines: queue.Queue[bytes | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + limit
    last = ""

    def until(*kinds: str) -> dict[str, Any]:
        nonlocal last
        while True:
            try:
                line = lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                return {"event": "timeout"}
            if line is None:
                return {"event": "gone"}
            event: dict[str, Any] = json.loads(line)
            last = str(event.get("stage", last))
            if event["event"] in kinds:
                return event

    try:
        event = until("caught", "end")
        if event["event"] != "caught":
            reason = (
                f"no step within {limit:g} s, last stage: {last}"
                if event["event"] == "timeout"
                else event.get("detail", "gone")
            )
            where = Path(event.get("where") or "").name
            return {
                "result": event.get("outcome", event["event"]),
                "reason": f"{where} {reason}".strip(),
                "line": "",
            }
        row: dict[str, Any] = {
            "result": "caught",
            "hook": event["hook"],
            "line": f"{Path(event['file']).name}:{event['line']}",
            "batch": event["batch_size"],
            "steps": event["steps"],
            "blocked": " ".join(event["blocked"]),
            "reason": "",
        }
        for number, command in enumerate(("program", "liveness")):
            row[command] = _asked(process, until, event, number, command)
        return row
    finally:
        process.kill()
        process.wait()


def _asked(process: Any, until: Any, event: dict[str, Any], number: int, command: str) -> str:
    if command not in event["can"]:
        return event["cannot"][command]
    process.stdin.write(json.dumps({"id": number, "do": command}).encode() + b"\n")
    process.stdin.flush()
    answer = until("answer")
    if answer["event"] != "answer":
        return str(answer["event"])
    if "error" in answer:
        return str(answer["error"])
    return f"{len(answer['arguments'])} arguments" if "arguments" in answer else "yes"


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS, delimiter="\t", lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["repository"], row["script"])))


if __name__ == "__main__":
    shutil.rmtree(os.environ.get("STANDIN_FILES", "/nonexistent"), ignore_errors=True)
    main()
