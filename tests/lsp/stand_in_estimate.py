"""Stands in for ``keras-memlint estimate``: saves an estimate of 20 GiB on a T4 without running anything.

Comments in the script say what happens instead: ``# @fails``, ``# @garbage``, ``# @hangs`` (with a child, both of which
write their process numbers beside the script), ``# @stubborn`` (the same, and neither listens to SIGTERM; a file
``.told`` beside the script says that it came). Its own arguments and the folder it runs in are the notes of the estimate.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from keras_memlint.estimate import saved
from keras_memlint.estimate.result import Breakdown, Estimate, Host, Range, TargetEstimate, WhatIf

GIB = 1 << 30


def around(gib: float) -> Range:
    return Range(int(gib * 0.9 * GIB), int(gib * GIB), int(gib * 1.1 * GIB))


def estimate_of(script: Path, notes: tuple[str, ...]) -> Estimate:
    rows = script.read_text(encoding="utf-8").split("\n")
    line = next((number for number, row in enumerate(rows, 1) if ".fit(" in row), None)
    if script.suffix == ".ipynb":
        line = 4  # of the cells' text
    t4 = TargetEstimate("T4", 15 * GIB, "compiler", "tensorflow", around(19.5), around(0.5), around(20), "no")
    return Estimate(
        script=str(script),
        script_hash=saved.script_hash(script),
        line=line,
        hook="fit",
        backend="tensorflow",
        versions={},
        tier="compiler",
        batch_size=64,
        steps=3,
        policy="float32",
        optimizer="Adam",
        host_peak_bytes=None,
        host=Host(),
        cpu_allocator_peak_bytes=None,
        breakdown=Breakdown(),
        program_peak_bytes=around(19.5),
        targets=(t4,),
        what_if=(WhatIf("mixed_float16", "T4", "train in mixed_float16", around(12), 8 * GIB),),
        notes=notes,
    )


def progress(stage: str, fraction: float) -> None:
    print(
        json.dumps({"stage": stage, "detail": "train.py", "fraction": fraction}), file=sys.stderr, flush=True
    )


def hang(script: Path, *, stubborn: bool) -> None:
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if stubborn:  # the child still ignores it
        signal.signal(signal.SIGTERM, lambda *_: script.with_suffix(".told").touch())
    script.with_suffix(".pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)


def main(arguments: list[str]) -> int:
    script = Path(arguments[0])
    text = script.read_text(encoding="utf-8")
    progress("script", 0.1)
    print("2025-11-27 00:00:00: I tensorflow/core: a line of no interest", file=sys.stderr)
    progress("training", 0.4)
    if "@hangs" in text or "@stubborn" in text:
        hang(script, stubborn="@stubborn" in text)
    if "@fails" in text:
        print("  | Traceback: no such file", file=sys.stderr)
        print("error: train.py crashed before it trained: no such file", file=sys.stderr)
        return 2
    if "@garbage" in text:
        print("no JSON")
        return 0
    estimate = estimate_of(script, (json.dumps(arguments[1:]), str(Path.cwd())))
    saved.save(estimate)
    found: dict[str, Any] = estimate.to_json()
    print(json.dumps(found))
    return 1  # it does not fit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
