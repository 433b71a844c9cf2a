"""Measures every case on this machine's GPU, a few at a time; cases that are in the file already are kept.

``python benchmarks/estimate/run.py FILE.json [--routes jax,torch] [--jobs 4] [--minutes 9]``
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models import MODELS, POLICIES, TUNING

HERE = Path(__file__).parent
HEAVY = ("densenet121", "efficientnetb0", "mobilenetv2", "convnexttiny")
"""Models that take the compiler minutes."""


def main() -> int:
    """Write the file after each case, so that an end at any moment loses nothing that was measured."""
    arguments = _arguments()
    results: dict[str, Any] = json.loads(arguments.file.read_text()) if arguments.file.exists() else {}
    ends = time.monotonic() + 60 * arguments.minutes
    missing = [
        case for case in _cases(arguments.routes.split(",")) if "error" in results.get(_key(case), {"error"})
    ]

    writing = threading.Lock()

    def measure(case: tuple[str, ...]) -> None:
        left = ends - time.monotonic()
        if left < 30:
            return
        result = _measured(case, arguments, ends)
        with writing:
            results[_key(case)] = result
            done = arguments.file.with_suffix(".part")
            done.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
            done.replace(arguments.file)
        print(_key(case), results[_key(case)].get("error", results[_key(case)].get("peak")), flush=True)

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(measure, missing))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--routes", default="jax,torch")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--limit", type=float, default=240, help="seconds for one case")
    return parser.parse_args()


def _cases(routes: list[str]) -> list[tuple[str, ...]]:
    """Light cases first, so that an early end leaves most of them; the heavy ones start early enough to finish."""
    cases = [
        (model, str(MODELS[model].batches[size]), policy, route)
        for route in routes
        for size in (0, 1)
        for policy in POLICIES
        for model in MODELS
    ]
    return sorted(cases, key=_turn)


def _turn(case: tuple[str, ...]) -> int:
    model, batch, policy, _ = case
    if model not in HEAVY:
        return 1
    first = policy == POLICIES[0] and int(batch) == MODELS[model].batches[0]
    return 0 if first else 2


def _key(case: tuple[str, ...]) -> str:
    return " ".join(case)


def _measured(case: tuple[str, ...], arguments: argparse.Namespace, ends: float) -> dict[str, Any]:
    """JAX runs twice: the first run compiles and tries kernels, which has a peak of its own; the second one trains."""

    def ran(variables: dict[str, str]) -> dict[str, Any]:
        return _ran(case, max(1, min(ends - time.monotonic(), arguments.limit)), variables)

    if case[-1] != "jax":
        return ran({})
    folder = arguments.file.parent / "hlo"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as cache:
        environment = {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
        cold = ran(environment)
        if "error" in cold:
            return cold
        warm = ran(environment | {"HLO_FOLDER": str(folder)})
    return warm | {"cold_peak": cold["peak"], "cold_s": cold["seconds"]}


def _ran(case: tuple[str, ...], limit: float, variables: dict[str, str]) -> dict[str, Any]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | variables
    command = [sys.executable, str(HERE / "measure.py"), *case]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment)
    except subprocess.TimeoutExpired:
        return {"error": f"longer than {limit:.0f} s"}
    for line in ran.stdout.splitlines():
        if line.startswith("RESULT "):
            return {"split": "tuning" if case[0] in TUNING else "held-out", **json.loads(line[7:])}
    return {"error": ran.stderr.strip()[-700:]}


if __name__ == "__main__":
    sys.exit(main())
