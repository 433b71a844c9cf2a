"""Tables of estimates against the GPU, from ``results``: ``python benchmarks/estimate/compare.py``.

The estimator's constants come from the tuning models; the held-out ones give the figures to trust.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ROUTES = {"jax": "Keras on JAX", "steps": "TensorFlow's steps"}
SPLITS = ("tuning", "held-out")

Row = dict[str, Any]


def main() -> int:
    """Print the cases and the summary of each route and split."""
    for route, title in ROUTES.items():
        for split in SPLITS:
            found = rows(route, split)
            print(f"### {title}, {split} models\n\n{table(found)}\n\n{summary(found)}\n")
    return 0


def rows(route: str, split: str) -> list[Row]:
    """The cases that were both measured and predicted, in bytes."""
    measured, predicted = (_read(name) for name in ("h100.json", "predicted.json"))
    counted = {key.rsplit(" ", 1)[0]: value for key, value in measured.items() if "parameters" in value}
    found = []
    for key, value in predicted.items():
        case, own_route = key.rsplit(" ", 1)
        if own_route != route or value["split"] != split or "mid" not in value:
            continue
        row = {"case": case, "peak": measured[key]["peak"], **value}
        if case in counted:
            row["parameters x 4"] = 16 * counted[case]["parameters"]
            row["parameters + outputs"] = 4 * (counted[case]["parameters"] + counted[case]["outputs"])
        found.append(row)
    return found


def errors(found: list[Row], key: str) -> list[float]:
    """Absolute errors in per cent of the GPU's peak."""
    return [100 * abs(row[key] / row["peak"] - 1) for row in found if key in row]


def summary(found: list[Row]) -> str:
    """A table of the errors of each method, and how many peaks lie in the range."""
    lines = ["| method | cases | mean | median | largest |", "|---|---|---|---|---|"]
    for name, key in (("estimate", "mid"), ("parameters x 4",) * 2, ("parameters + outputs",) * 2):
        if wrong := errors(found, key):
            shown = " | ".join(
                f"{figure(wrong):.2f} %" for figure in (statistics.mean, statistics.median, max)
            )
            lines.append(f"| {name} | {len(wrong)} | {shown} |")
    inside = sum(row["low"] <= row["peak"] <= row["high"] for row in found)
    return "\n".join(lines) + f"\n\nlow <= GPU <= high: {inside} of {len(found)}"


def table(found: list[Row]) -> str:
    """The cases, in MB."""
    lines = ["| case | GPU, MB | low | estimate | high | error |", "|---|---|---|---|---|---|"]
    for row in found:
        sizes = " | ".join(f"{row[key] / 1e6:,.1f}" for key in ("peak", "low", "mid", "high"))
        lines.append(f"| {row['case']} | {sizes} | {100 * (row['mid'] / row['peak'] - 1):+.2f} % |")
    return "\n".join(lines)


def _read(name: str) -> dict[str, Any]:
    loaded = json.loads((RESULTS / name).read_text())
    assert isinstance(loaded, dict)
    return loaded


if __name__ == "__main__":
    sys.exit(main())
