"""Draws what was measured for a rule as bars, one a variant: `bars.py` does so for all results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

HERE = Path(__file__).parent
RESULTS, BARS = HERE / "results", HERE.parent.parent / "docs" / "evidence"
GREY, RED, GREEN, BLUE = "#808080", "#c0504d", "#4f9d5d", "#6f8fb5"
COLOURS = {"bad": RED, "good": GREEN}


def main() -> None:
    for path in sorted(RESULTS.glob("*.json")):
        draw(json.loads(path.read_text(encoding="utf-8")), BARS)


def draw(rule: dict[str, Any], folder: Path) -> None:
    """Writes ``KM103.svg`` into ``folder``; a rule of which nothing was measured gets no picture."""
    if not rule["variants"]:
        return
    names = list(reversed(rule["variants"]))
    values = [value(rule, name) for name in names]
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": rule["code"], "font.size": 10}):
        figure = Figure(figsize=(7, 0.5 + 0.32 * len(names)), layout="constrained")
        axes = figure.subplots()
        drawn = axes.barh([spoken(name) for name in names], values, color=[colour(name) for name in names])
        axes.bar_label(drawn, [label(rule, name) for name in names], padding=4, color=GREY)
        axes.margins(x=0.18)
        axes.set_xlim(left=0)
        axes.xaxis.set_visible(False)
        axes.spines[:].set_visible(False)
        axes.tick_params(axis="y", length=0, colors=GREY)
        folder.mkdir(parents=True, exist_ok=True)
        # Without a date, the same results give the same file.
        figure.savefig(folder / f"{rule['code']}.svg", transparent=True, metadata={"Date": None})


def value(rule: dict[str, Any], name: str) -> float:
    """What the rule is about: seconds, or bytes."""
    measured: float = rule["variants"][name][rule["ratio_of"]]
    return measured


def label(rule: dict[str, Any], name: str) -> str:
    """``946 MiB`` or ``9.68 s``: as the pages write it."""
    found = value(rule, name)
    if rule["ratio_of"] == "seconds":
        return f"{found:.2f} s"
    mebibytes = found / 2**20
    return f"{mebibytes:,.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"


def spoken(name: str) -> str:
    return name.replace("_", " ")


def colour(name: str) -> str:
    """Red for what the rule finds, green for the cure, blue for everything between them."""
    return COLOURS.get(name.split("_")[0], BLUE)


if __name__ == "__main__":
    main()
