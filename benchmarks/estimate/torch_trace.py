"""Peaks of Keras training steps on PyTorch, predicted on the CPU, against what a GPU showed.

``python benchmarks/estimate/torch_trace.py MEASURED.json [--models tuning|held-out|all|NAME,...] [--out FILE.json]`` in an environment
with ``keras`` and ``torch``. ``MEASURED.json`` is what ``run.py --routes torch`` wrote; cases that it lacks are left out.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNNER = HERE.parents[1] / "estimate" / "runner"
CAPABILITY = (9, 0)
"""Of the GPU that was measured, an H100."""


def main() -> int:
    """Each case in a process of its own; the table and, with ``--out``, the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--models", default="all")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        model, batch, policy = arguments.case.split()
        print("RESULT " + json.dumps(predicted(model, int(batch), policy)))
        return 0
    measured = json.loads(arguments.measured.read_text())
    rows = {}
    for key in sorted(measured):
        model, batch, policy, route = key.split()
        truth = measured[key]
        asked = arguments.models in ("all", truth.get("split")) or model in arguments.models.split(",")
        if route != "torch" or "peak" not in truth or not asked:
            continue
        rows[key] = _row(arguments.measured, f"{model} {batch} {policy}", truth)
        print(_line(key, rows[key]), flush=True)
        if arguments.out:
            arguments.out.write_text(json.dumps(rows, indent=1) + "\n")
    _summary(rows)
    return 0


def _row(measured: Path, case: str, truth: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, __file__, str(measured), "--case", case]
    ran = subprocess.run(command, capture_output=True, text=True)
    row = {name: truth.get(name) for name in ("split", "torch")}
    row["measured"] = {name: truth[name] for name in ("built", "peak", "reserved", "left")}
    for line in ran.stdout.splitlines():
        if line.startswith("RESULT "):
            row["predicted"] = json.loads(line[7:])
            for name in ("peak", "reserved"):
                row[name + "_error"] = row["predicted"][name] / truth[name] - 1
            return row
    return row | {"error": ran.stderr.strip()[-400:]}


def _line(key: str, row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{key:44} {row['error'].splitlines()[-1] if row['error'] else 'died'}"
    truth, found = row["measured"], row["predicted"]
    peaks = f"{found['peak'] / 1e6:9.1f} MB for {truth['peak'] / 1e6:9.1f} {row['peak_error']:+7.1%}"
    return f"{key:44} {peaks}, reserved {row['reserved_error']:+7.1%}, {found['seconds']:.0f} s"


def _summary(rows: dict[str, Any]) -> None:
    for split in ("tuning", "held-out"):
        for name in ("peak_error", "reserved_error"):
            errors = [abs(row[name]) for row in rows.values() if row["split"] == split and name in row]
            if errors:
                mean, median = statistics.mean(errors), statistics.median(errors)
                print(
                    f"{split}, {name}: mean {mean:.1%}, median {median:.1%}, worst {max(errors):.1%} of {len(errors)}"
                )


def predicted(name: str, batch: int, policy: str) -> dict[str, Any]:
    """What the tracer says of one case."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch
    from models import MODELS

    keras.mixed_precision.set_global_policy(policy)
    model, x, y = MODELS[name].build(keras, batch)
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=(x, y))
    model.train()
    groups = [("parameter", model.variables), ("optimizer", model.optimizer.variables)]
    groups.append(("state", model.metrics_variables))
    variables = {id(v): (kind, v) for kind, group in reversed(groups) for v in group}
    persistent = [
        {"kind": kind, "name": v.path, "bytes": v.value.nbytes, "dtype": v.dtype, "shape": list(v.shape)}
        for kind, v in variables.values()
    ]
    runner = _runner()
    step = runner("torch_fit").fit_step(model, (torch.from_numpy(x), torch.from_numpy(y)))
    started = time.perf_counter()
    found: dict[str, Any] = runner("torch_trace").torch_liveness(step, persistent, torch, CAPABILITY)
    kept = ("peak", "reserved", "left", "persistent", "breakdown", "workspace", "operations")
    return {name: found[name] for name in kept} | {"seconds": round(time.perf_counter() - started, 1)}


def _runner() -> Any:
    """The runner's modules, under the name of a package of their own as in a user's Python."""
    spec = importlib.util.spec_from_file_location(
        "_runner", RUNNER / "__init__.py", submodule_search_locations=[str(RUNNER)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["_runner"] = package
    spec.loader.exec_module(package)
    return lambda name: importlib.import_module(f"_runner.{name}")


if __name__ == "__main__":
    sys.exit(main())
