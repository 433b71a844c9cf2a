"""Compares the liveness prediction with what TensorFlow's own allocator shows, on the CPU.

``python benchmarks/estimate/liveness.py [FILE.json] [--only MODEL,...] [--predict] [--table]`` runs each case in a
fresh process, one at a time; cases that are in the file are kept, so it can be stopped and started again. ``--predict``
traces again and keeps what was measured; ``--table`` only prints.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

from models import MODELS, TUNING

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "results" / "cpu.json"

STEPS = 3
"""After the first step, which traces and fills the allocator."""

BATCHES = {
    "resnet50": (8, 16),
    "unet": (2, 4),
    "mobilenetv2": (4, 16),
    "efficientnetb0": (4, 8),
    "densenet121": (4, 8),
    "vgg16": (2, 4),
    "convnexttiny": (2, 4),
    "vit": (4, 16),
    "conv1d": (16, 32),
    "autoencoder": (8, 32),
}
"""Smaller batches than on a GPU, where a step on the CPU would take minutes. The others are as in ``models.py``."""

LEGACY = (
    ("dense", 256),
    ("lstm", 64),
    ("transformer", 16),
    ("gru_attention", 64),
    ("mobilenetv2", 4),
    ("vit", 4),
)
"""Measured with tf_keras too."""

Case = tuple[str, int, str]


def main() -> int:
    arguments = _arguments()
    results: dict[str, Any] = json.loads(arguments.file.read_text()) if arguments.file.exists() else {}
    if not arguments.table:
        for case in _cases(arguments.only.split(",") if arguments.only else list(MODELS)):
            _run(case, results, arguments)
    _print_table(results)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=FILE)
    parser.add_argument("--only", default="", help="models, comma-separated")
    parser.add_argument("--predict", action="store_true", help="predict again, keep what was measured")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one case")
    return parser.parse_args()


def _cases(models: list[str]) -> list[Case]:
    """Smaller batches first, so that an early end leaves every model."""
    cases = [
        (model, BATCHES.get(model, MODELS[model].batches)[at], "keras") for at in (0, 1) for model in MODELS
    ]
    cases[len(MODELS) : len(MODELS)] = [(model, batch, "tf_keras") for model, batch in LEGACY]
    return [case for case in cases if case[0] in models]


def _run(case: Case, results: dict[str, Any], arguments: argparse.Namespace) -> None:
    key = " ".join(map(str, case))
    old = results.get(key, {"error": "not run"})
    if "error" in old:
        row = _ran("measure", case, arguments.limit)
    elif arguments.predict:
        row = {**old, **_ran("predict", case, arguments.limit)}
    else:
        return
    results[key] = row
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    part_file = arguments.file.with_suffix(".part")
    part_file.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
    part_file.replace(arguments.file)
    print(key, row.get("error") or f"{row['peak'] / 1e6:.1f} MB, {_error(row, row['cpu']):+.1%}", flush=True)


def _ran(part: str, case: Case, limit: float) -> dict[str, Any]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    environment["TF_CPU_ALLOCATOR_USE_BFC"] = "1"
    if case[2] == "tf_keras":
        environment["TF_USE_LEGACY_KERAS"] = "1"
    command = [sys.executable, str(Path(__file__)), "--child", part, *map(str, case)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=limit, env=environment)
    except subprocess.TimeoutExpired:
        return {"error": f"longer than {limit:.0f} s"}
    for line in ran.stdout.splitlines():
        if line.startswith("RESULT "):
            return {"split": "tuning" if case[0] in TUNING else "held-out", **json.loads(line[7:])}
    return {"error": ran.stderr.strip()[-400:]}


def child(part: str, model: str, batch: str, flavour: str) -> dict[str, Any]:
    """One case in this process: ``measure`` trains and predicts, ``predict`` only traces."""
    import importlib

    import tensorflow as tf

    keras = importlib.import_module(flavour)
    built, x, y = MODELS[model].build(keras, int(batch))
    built.optimizer.build(built.trainable_variables)
    step = tf.function(built.train_step, jit_compile=False)
    measured = _measured(tf, step, x, y) if part == "measure" else {}
    return measured | _predicted(tf, built, step, x, y)


def _measured(tf: Any, step: Any, x: Any, y: Any) -> dict[str, Any]:
    data = tf.constant(x), tf.constant(y)
    step(data)
    before = tf.config.experimental.get_memory_info("CPU:0")["current"]
    peaks = []
    for _ in range(STEPS):
        tf.config.experimental.reset_memory_stats("CPU:0")
        step(data)
        peaks.append(tf.config.experimental.get_memory_info("CPU:0")["peak"])
    return {"peak": int(median(peaks)), "peaks": peaks, "before": before, "tensorflow": tf.__version__}


def _predicted(tf: Any, model: Any, step: Any, x: Any, y: Any) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "estimate"))
    from runner.liveness import liveness

    started = time.perf_counter()
    traced = step.get_concrete_function((tf.TensorSpec(x.shape, x.dtype), tf.TensorSpec(y.shape, y.dtype)))
    traced_s = time.perf_counter() - started
    arguments = described(tf, model, x, y)
    started = time.perf_counter()
    answer = liveness(traced, arguments)
    seconds = time.perf_counter() - started
    return {
        "cpu": answer["cpu"]["peak"],
        "gpu": answer["peak"],
        "breakdown": answer["breakdown"],
        "workspace": answer["workspace"],
        "unknown": answer["unknown"],
        "operations": answer["operations"],
        "parameters": sum(a["bytes"] for a in arguments if a["kind"] == "parameter"),
        "outputs": _outputs(model, len(x)),
        "trace_s": round(traced_s, 1),
        "seconds": round(seconds, 2),
    }


def described(tf: Any, model: Any, x: Any, y: Any) -> list[dict[str, Any]]:
    """The step's variables and inputs, as ``liveness`` wants them."""
    slots = model.optimizer.variables
    groups = {
        "parameter": model.trainable_variables,
        "state": model.non_trainable_variables,
        "optimizer": slots() if callable(slots) else slots,
    }
    found: dict[int, dict[str, Any]] = {}
    for kind, variables in groups.items():
        for variable in variables:
            dtype = tf.as_dtype(variable.dtype)
            shape = [int(length) for length in variable.shape]
            size = dtype.size
            for length in shape:
                size *= length
            found.setdefault(
                id(variable),
                {"kind": kind, "name": variable.name, "bytes": size, "dtype": dtype.name, "shape": shape},
            )
    inputs = [
        {
            "kind": "input",
            "name": name,
            "bytes": array.nbytes,
            "dtype": str(array.dtype),
            "shape": list(array.shape),
        }
        for name, array in (("x", x), ("y", y))
    ]
    return [*found.values(), *inputs]


def _outputs(model: Any, batch: int) -> int:
    """Bytes of the outputs of all layers as float32: what people add up by hand."""
    total = 0
    for layer in model.layers:
        count = 4
        for size in layer.output.shape if hasattr(layer, "output") else (0,):
            count *= batch if size is None else size
        total += count
    return total


def _error(row: dict[str, Any], predicted: int) -> float:
    return predicted / row["peak"] - 1


def _print_table(results: dict[str, Any]) -> None:
    methods = {
        "liveness": lambda row: row["cpu"],
        "parameters x 4": lambda row: 4 * row["parameters"],
        "parameters + outputs": lambda row: row["parameters"] + row["outputs"],
    }
    good = {key: row for key, row in results.items() if "error" not in row}
    print("| model, batch, Keras | split | measured MB | " + " | ".join(methods) + " |")
    print("|---|---|---:|" + "---:|" * len(methods))
    for key, row in sorted(good.items(), key=lambda item: (item[1]["split"] != "tuning", item[0])):
        errors = " | ".join(f"{_error(row, method(row)):+.1%}" for method in methods.values())
        model, batch, flavour = key.split()
        print(f"| {model}, {batch}, {flavour} | {row['split']} | {row['peak'] / 1e6:,.1f} | {errors} |")
    for split in ("tuning", "held-out", None):
        rows = [row for row in good.values() if split in (None, row["split"])]
        if not rows:
            continue
        parts = []
        for method in methods.values():
            errors = [abs(_error(row, method(row))) for row in rows]
            parts.append(f"{mean(errors):.1%} (worst {max(errors):.1%})")
        print(f"| mean of {len(rows)} {split or 'in all'} | | | " + " | ".join(parts) + " |")
    first = [abs(_error(row, row["first"])) for row in good.values() if "first" in row]
    if first:
        print(f"\nHeld-out as first predicted: {mean(first):.1%} (worst {max(first):.1%}).")
    for key, row in results.items():
        if "error" in row:
            print(key, "failed:", row["error"][-200:])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print("RESULT " + json.dumps(child(*sys.argv[2:6])))
    else:
        sys.exit(main())
