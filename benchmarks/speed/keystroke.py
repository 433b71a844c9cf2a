"""Time from a keystroke to findings, without the protocol: ``python keystroke.py FILE LINES`` prints milliseconds as JSON.

The file is repeated until it has LINES lines; then one character is typed and removed at places all over it. ``first`` is the
first analysis, ``median`` and ``worst`` are over the keystrokes, ``resident`` is the process's memory in MiB at the end.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.sizes.settings import Settings
from keras_memlint.analysis.text.source import Source
from keras_memlint.rules.catalogue import rows
from keras_memlint.rules.engine import check_source
from keras_memlint.server.collector import look_seldom


def main() -> None:
    name, wanted = sys.argv[1], int(sys.argv[2])
    once = Path(name).read_text(encoding="utf-8")
    text = once
    while text.count("\n") < wanted:
        text += "\n" + once
    codes = {row.code for row in rows()}
    workspace = Workspace()
    look_seldom()  # as the server does

    def check(version: str) -> float:
        started = time.perf_counter()
        check_source(Source("typed.py", version), codes=codes, settings=Settings(), workspace=workspace)
        return (time.perf_counter() - started) * 1000

    first = check(text)
    lines = text.splitlines(keepends=True)
    times = []
    for step in range(41):
        row = step * (len(lines) - 1) // 40
        changed = [*lines]
        changed[row] = changed[row].rstrip("\n") + "x\n"
        times.append(check("".join(changed)))
        check(text)
    status = Path("/proc/self/status")
    resident = 0.0
    if status.exists():
        line = next(one for one in status.read_text(encoding="ascii").splitlines() if one.startswith("VmRSS"))
        resident = int(line.split()[1]) / 1024
    found = {
        "lines": len(lines),
        "first": first,
        "median": statistics.median(times),
        "worst": max(times),
        "resident": resident,
    }
    print(json.dumps({key: round(value, 1) for key, value in found.items()}))


if __name__ == "__main__":
    main()
