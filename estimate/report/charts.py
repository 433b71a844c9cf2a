"""Charts as inline SVG whose text keeps its size, because lengths are percentages of the width at hand."""

from __future__ import annotations

import json
import math
from typing import Final

from keras_memlint.estimate.report import words
from keras_memlint.estimate.report.markup import Html, joined, tag
from keras_memlint.estimate.result import Estimate, TargetEstimate

MEMORY_AT: Final = 80.0
"""Where a GPU's memory ends, in percent of its bar's width. The rest is for what does not fit."""

_HEIGHT, _TOP, _BOTTOM = 280, 34, 2
"""The timeline in pixels: all of it, above the highest figure, below zero."""


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def _percent(number: float) -> str:
    return f"{number:.2f}%"


def _rect(start: float, end: float, y: int, height: int, kind: str, title: str = "") -> Html | None:
    """A bar between two percentages; None when nothing of it is seen."""
    if end - start <= 0:
        return None
    hover = tag("title", title) if title else None
    return tag(
        "rect", hover, class_=kind, x=_percent(start), width=_percent(end - start), y=y, height=height, rx=3
    )


def gpu_bar(target: TargetEstimate) -> Html:
    """Program and context on the GPU's memory, the range as a whisker, and red what goes beyond the memory."""
    memory, total, program = target.memory_bytes, target.device_total_bytes, target.program_peak_bytes

    def at(number: int) -> float:
        return min(100.0, MEMORY_AT * max(number, 0) / memory) if memory > 0 else 100.0

    inside = min(at(total.mid), MEMORY_AT)
    low, high = _percent(at(total.low)), _percent(at(total.high))
    likely = f"program {words.size(program.mid)}"
    whiskers = [
        tag("line", class_="halo", x1=low, x2=high, y1=15, y2=15),
        tag("line", class_="whisker", x1=low, x2=high, y1=15, y2=15),
        tag("line", class_="whisker", x1=low, x2=low, y1=10, y2=20),
        tag("line", class_="whisker", x1=high, x2=high, y1=10, y2=20),
    ]
    return tag(
        "svg",
        tag("title", f"{target.name}: {words.span(total)} of {words.size(memory)}"),
        _rect(0, MEMORY_AT, 5, 20, "track"),
        _rect(0, min(at(program.mid), MEMORY_AT), 5, 20, "program", likely),
        _rect(
            min(at(program.mid), MEMORY_AT),
            inside,
            5,
            20,
            "context",
            f"context {words.size(target.context_bytes.mid)}",
        ),
        _rect(MEMORY_AT, at(total.mid), 5, 20, "beyond", f"{words.margin(target)}"),
        *(whiskers if total.high > total.low else []),
        tag("line", class_="limit", x1=_percent(MEMORY_AT), x2=_percent(MEMORY_AT), y1=0, y2=30),
        tag("text", "›", class_="more", x="100%", y=20, text_anchor="end") if at(total.high) >= 100 else None,
        class_="gpu-bar",
        height=30,
        aria_hidden="true",
    )


def gpu_axis() -> Html:
    """The scale above the GPUs' bars."""
    ticks = [
        tag("text", label, x=_percent(at * MEMORY_AT), y=12, text_anchor=anchor)
        for at, label, anchor in (
            (0, "0", "start"),
            (0.5, "50 %", "middle"),
            (1, "100 %", "middle"),
        )
    ]
    return tag("svg", *ticks, class_="axis", height=16, aria_hidden="true")


def stacked(parts: list[tuple[str, int | None, float]], labelled_by: str = "") -> Html:
    """The parts of one whole side by side. ``labelled_by``: the id of what names the whole."""
    pieces, start = [], 0.0
    for part, number, share in parts:
        end = start + 100 * share
        title = f"{part}: {words.size(number)}, {words.percent(share, 1)}"
        pieces.append(_rect(start, end, 0, 34, f"piece {kind(part)}", title))
        start = end
    return tag("svg", *pieces, class_="stacked", height=34, role="img", aria_labelledby=labelled_by or None)


def kind(part: str) -> str:
    """The class of a part of the peak, which gives it its colour."""
    return "part-" + part.replace(" ", "-")


def length(number: int, most: int, shown_as: str = "program") -> Html:
    """One bar of a ranking."""
    piece = _rect(0, 100 * _share(number, most), 4, 10, shown_as)
    return tag("svg", piece, class_="length", height=18, aria_hidden="true")


def change(saved: int, most_saved: int, most_cost: int) -> Html:
    """A change's bar: to the right what it saves, to the left what it costs."""
    whole = max(most_saved + most_cost, 1)
    zero = 100 * most_cost / whole
    end = zero + 100 * saved / whole
    piece = _rect(min(zero, end), max(zero, end), 4, 10, "saves" if saved > 0 else "costs")
    line = tag("line", class_="zero", x1=_percent(zero), x2=_percent(zero), y1=0, y2=18)
    return tag("svg", piece, line, class_="length", height=18, aria_hidden="true")


def points(estimate: Estimate) -> list[tuple[float, int]]:
    """The timeline's points that can be drawn, in their order."""
    sound = [(at, max(number, 0)) for at, number in estimate.timeline if math.isfinite(at) and 0 <= at <= 1]
    return sorted(sound, key=lambda point: point[0])


def ticks(most: int) -> list[int]:
    """Round sizes from nothing to ``most``, four or five steps."""
    unit = 1
    while most / unit >= 1024:
        unit *= 1024
    # A byte is not divided.
    rough = max(most / unit / 4, 1 / unit)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough)
    return [round(number * step * unit) for number in range(math.floor(most / unit / step) + 1)]


def timeline(estimate: Estimate) -> Html:
    """Memory of the program over the step, with its peak, what stays between steps, and the GPU's end if it is near."""
    drawn = points(estimate)
    peak_at, peak = max(drawn, key=lambda point: point[1])
    memory = estimate.targets[0].memory_bytes if estimate.targets else None
    near = memory if memory is not None and 0 < memory <= peak * 1.5 else None
    most = max(peak, near or 0, 1)

    def y(number: int) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * number / most, 1)

    line = " ".join(f"{1000 * at:.1f},{y(number)}" for at, number in drawn)
    first, last = 1000 * drawn[0][0], 1000 * drawn[-1][0]
    plot = tag(
        "svg",
        tag("polygon", class_="area", points=f"{first:.1f},{y(0)} {line} {last:.1f},{y(0)}"),
        tag("polyline", class_="curve", points=line),
        viewBox=f"0 0 1000 {_HEIGHT}",
        preserveAspectRatio="none",
        width="100%",
        height=_HEIGHT,
    )
    levels = [(number, y(number)) for number in ticks(most)]
    grid = [tag("line", class_="grid", x1=0, x2="100%", y1=height, y2=height) for _, height in levels]
    labels = [
        tag("text", words.size(number), class_="tick", x=0, y=height - 5)
        for number, height in levels
        if number
    ]
    right = peak_at > 0.6
    marks = [
        tag("circle", class_="peak", cx=_percent(100 * peak_at), cy=y(peak), r=5),
        tag(
            "text",
            f"peak {words.size(peak)}",
            class_="label",
            x=_percent(100 * peak_at),
            y=y(peak) - 12,
            text_anchor="end" if right else "start" if peak_at < 0.1 else "middle",
        ),
    ]
    kept = _kept(estimate)
    if kept is not None and kept < most:
        marks.append(
            _level(
                y(kept),
                "kept",
                f"kept between steps: {words.size(kept)}",
                "50%",
                "middle",
            )
        )
    if near is not None:
        marks.append(
            _level(
                y(near),
                "limit",
                f"{words.size(near)}: memory of the {estimate.targets[0].name}",
                "100%",
                "end",
            )
        )
    return tag(
        "svg",
        tag("title", "Memory of the training program over one step", id="timeline-title"),
        tag(
            "desc",
            f"Highest, {words.size(peak)}, at {words.percent(peak_at, 1)} of the step.",
            id="timeline-desc",
        ),
        *grid,
        plot,
        *labels,
        *marks,
        tag("line", class_="cursor", x1=0, x2=0, y1=_TOP - 20, y2=_HEIGHT, visibility="hidden"),
        class_="timeline",
        height=_HEIGHT,
        role="img",
        aria_labelledby="timeline-title timeline-desc",
    )


def _level(y: float, name: str, label: str, x: str, anchor: str) -> Html:
    return joined(
        tag("line", class_=name, x1=0, x2="100%", y1=y, y2=y),
        tag("text", label, class_="label", x=x, y=y - 6, text_anchor=anchor),
    )


def _kept(estimate: Estimate) -> int | None:
    """What no step gives back. None when a part of it is unknown."""
    parameters, optimizer = estimate.breakdown.parameters, estimate.breakdown.optimizer
    return None if parameters is None or optimizer is None else parameters + optimizer


def timeline_data(estimate: Estimate) -> Html:
    """What the page shows beside the pointer: positions in percent, and sizes in words."""
    data = [[round(100 * at, 2), words.size(number)] for at, number in points(estimate)]
    # Sizes are digits and letters, so nothing in here can end the element.
    return tag("script", Html(json.dumps(data)), type="application/json", id="timeline-data")
