"""The parts of the page: each chart with its table, each None when there is nothing to show."""

from __future__ import annotations

from collections.abc import Mapping

from keras_memlint.analysis.sizes.measurement import VERDICTS, Fits
from keras_memlint.estimate.report import charts, words
from keras_memlint.estimate.report.markup import Html, joined, tag
from keras_memlint.estimate.result import TIERS, Estimate, Range, TargetEstimate, WhatIf

_SIGNS: Mapping[Fits, str] = {"yes": "✓", "borderline": "≈", "no": "✕"}
_ROWS_OF_TIMELINE = 20


def _section(name: str, title: str, about: str, *children: Html | None, width: str = "wide") -> Html:
    heading = tag("h2", title, id=f"{name}-heading")
    return tag(
        "section",
        tag("div", heading, tag("p", about, class_="about") if about else None, class_="head"),
        *children,
        id=name,
        class_=f"card {width}",
        aria_labelledby=f"{name}-heading",
    )


def _table(caption: str, heads: list[str | Html], rows: list[Html], *, name: str = "") -> Html:
    """``heads`` that start with ``#`` stand above numbers."""
    cells = [
        tag(
            "th",
            head if isinstance(head, Html) else head.lstrip("#"),
            scope="col",
            class_="number" if head[:1] == "#" else None,
        )
        for head in heads
    ]
    table = tag(
        "table",
        tag("caption", caption, class_="hidden"),
        tag("thead", tag("tr", *cells)),
        tag("tbody", *rows),
        class_=name or None,
    )
    # Wide tables scroll on their own; the keyboard must reach them to do so.
    return tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _number(text: str, small: str = "") -> Html:
    return tag("td", text, _small(small), class_="number")


def _small(text: str) -> Html | None:
    return tag("small", text) if text else None


def _figure(figure: Range) -> Html:
    return _number(words.size(figure.mid), words.span(figure) if figure.low != figure.high else "")


def chip(fits: Fits) -> Html:
    """Whether it fits, by a sign, a word and a colour."""
    sign = tag("span", _SIGNS[fits], aria_hidden="true")
    return tag("span", sign, f" {VERDICTS[fits]}", class_=f"chip {fits}")


def gpus(estimate: Estimate) -> Html | None:
    """A row for each GPU."""
    if not estimate.targets:
        return None
    heads = [
        "GPU",
        joined("Use of its memory", charts.gpu_axis()),
        "#Program peak",
        "#With context",
        "Fits",
        "#Largest batch",
        "Source",
    ]
    legend = tag(
        "p",
        _key("program", "training program"),
        _key("context", "GPU's context, kernels, libraries"),
        _key("beyond", "beyond the memory"),
        tag("span", tag("span", "├─┤", class_="whisker-key", aria_hidden="true"), " range", class_="key"),
        class_="legend",
    )
    rows = [_gpu(target) for target in estimate.targets]
    table = _table("Memory of one training step on each GPU", heads, rows, name="gpus")
    return _section("gpus", "On each GPU", "The likely figure, and below it the range.", legend, table)


def _key(kind: str, label: str) -> Html:
    square = tag(
        "svg", tag("rect", class_=kind, width=12, height=12, rx=3), width=12, height=12, aria_hidden="true"
    )
    return tag("span", square, f" {label}", class_="key")


def _gpu(target: TargetEstimate) -> Html:
    batch, sure = words.largest(target.largest_batch)
    off = words.line_error(target.largest_batch)
    error = (
        tag("small", f"line off by {off}", title="The line through smaller batches, at this one")
        if off
        else None
    )
    return tag(
        "tr",
        tag("th", target.name, tag("small", words.size(target.memory_bytes)), scope="row"),
        tag("td", charts.gpu_bar(target), class_="chart"),
        _figure(target.program_peak_bytes),
        _figure(target.device_total_bytes),
        tag("td", chip(target.fits), tag("small", words.margin(target))),
        tag("td", batch, _small(sure), error, class_="number"),
        tag("td", TIERS[target.tier], _small(target.note or ""), class_="source"),
    )


def timeline(estimate: Estimate) -> Html | None:
    """Memory over the step."""
    drawn = charts.points(estimate)
    if len(drawn) < 2:
        return None
    chosen = {
        round(number * (len(drawn) - 1) / (_ROWS_OF_TIMELINE - 1)) for number in range(_ROWS_OF_TIMELINE)
    }
    chosen.add(max(range(len(drawn)), key=lambda number: drawn[number][1]))
    rows = [
        tag("tr", _number(f"{100 * drawn[number][0]:.1f} %"), _number(words.size(drawn[number][1])))
        for number in sorted(chosen)
    ]
    table = _table("Memory over the step", ["#Position in the step", "#Memory in use"], rows, name="slim")
    figure = tag(
        "figure",
        tag(
            "div",
            charts.timeline(estimate),
            class_="plot",
            tabindex=0,
            role="group",
            aria_label="Arrow keys move along the step",
        ),
        tag("div", tag("span", "start of the step"), tag("span", "end"), class_="ends", aria_hidden="true"),
        tag("p", class_="readout", role="status"),
        tag("details", tag("summary", "As a table"), table),
    )
    about = f"Of the training program {words.first_gpu(estimate)}. Positions count operations, not time; what the allocator and libraries add to the program is not in the curve."
    return _section("timeline", "Memory over the step", about, figure, charts.timeline_data(estimate))


def breakdown(estimate: Estimate) -> Html | None:
    """What is in memory at the peak."""
    parts = words.peak_parts(estimate)
    if not parts:
        return None
    rows = [
        tag(
            "tr",
            tag("th", _key(f"piece {charts.kind(part)}", part), scope="row"),
            _number(words.size(number)),
            _number("" if number is None else words.percent(share, 1)),
        )
        for part, number, share in parts
    ]
    table = _table("What is in memory at the peak", ["Part", "#Size", "#Share"], rows)
    about = f"Of the training program {words.first_gpu(estimate)}."
    return _section(
        "breakdown", "At the peak", about, charts.stacked(parts, "breakdown-heading"), table, width="narrow"
    )


def tensors(estimate: Estimate) -> Html | None:
    """The largest tensors at the peak."""
    largest = sorted(estimate.tensors, key=lambda tensor: -tensor.bytes)
    if not largest:
        return None
    rows = [
        tag(
            "tr",
            tag(
                "td",
                charts.length(tensor.bytes, largest[0].bytes, f"piece part-{_plural(tensor.kind)}"),
                class_="chart",
            ),
            _number(words.size(tensor.bytes)),
            tag("td", tensor.kind),
            tag(
                "td",
                tag("code", tensor.layer or words.UNKNOWN) if tensor.layer else "–",
                _small(tensor.op or ""),
            ),
            tag("td", tag("code", tensor.shape)),
            tag("td", tag("code", tensor.source) if tensor.source else "–"),
        )
        for tensor in largest
    ]
    heads: list[str | Html] = [
        tag("span", "Size as a bar", class_="hidden"),
        "#Size",
        "Kind",
        "Layer",
        "Shape",
        "Source line",
    ]
    table = _table("The largest tensors in memory at the peak", heads, rows, name="tensors")
    return _section(
        "tensors",
        "Largest tensors at the peak",
        f"Of the training program {words.first_gpu(estimate)}.",
        table,
    )


def _plural(kind: str) -> str:
    """A tensor's kind as the breakdown calls it; what is not in there gets no colour of its own."""
    plurals = {
        "parameter": "parameters",
        "gradient": "gradients",
        "activation": "activations",
        "input": "inputs",
    }
    return plurals.get(kind, kind if kind in ("optimizer", "workspace") else "other")


def what_if(estimate: Estimate, applicable: frozenset[str] = frozenset()) -> Html | None:
    """The changes, ranked for each GPU. ``applicable``: the names of those that an editor can make."""
    groups = words.by_target(estimate)
    if not groups:
        return None
    tables = []
    for gpu, changes in groups:
        about = words.recomputed(estimate, gpu)
        tables += [
            tag("p", about[0].upper() + about[1:] + ".", class_="about"),
            _changes(gpu, changes, applicable),
        ]
    return _section("what-if", "What if", "", *tables, width="broad")


def _changes(gpu: str, changes: list[WhatIf], applicable: frozenset[str]) -> Html:
    buttons = any(change.change in applicable for change in changes)
    saved = [change.saved_bytes for change in changes if change.saved_bytes is not None]
    most_saved, most_cost = max([0, *saved]), max([0, *(-number for number in saved)])
    rows = []
    for change in changes:
        remark = change.problem or ("same results" if change.safe else "")
        bar = None if change.saved_bytes is None else charts.change(change.saved_bytes, most_saved, most_cost)
        rows.append(
            tag(
                "tr",
                tag(
                    "th", words.misfit(change) + (change.title or change.change), _small(remark), scope="row"
                ),
                tag("td", bar, class_="chart"),
                _number(words.saving(change)),
                _number(words.size(change.program_peak_bytes.mid) if change.program_peak_bytes else "–"),
                tag("td", _apply(change) if change.change in applicable else None) if buttons else None,
                data_change=change.change if buttons else None,
            )
        )
    heads: list[str | Html] = [
        "Change",
        tag("span", "Saving as a bar", class_="hidden"),
        "#Effect",
        "#New peak",
        *(["Apply"] if buttons else []),
    ]
    return _table(
        f"What changes would save on {gpu}" if gpu else "What changes would save", heads, rows, name="changes"
    )


def _apply(change: WhatIf) -> Html:
    return tag("button", "Apply", type="button", aria_label=f"Apply: {change.title or change.change}")


def host(estimate: Estimate) -> Html | None:
    """Memory of the process on the host, and the buffers of its pipeline."""
    shown = words.host_rows(estimate)
    parts: list[Html] = []
    cpu = estimate.cpu_allocator_peak_bytes
    most = max([1, cpu or 0, *(number for _, number in shown)])
    rows = [
        tag(
            "tr",
            tag("th", label, scope="row"),
            tag("td", charts.length(number, most), class_="chart"),
            _number(words.size(number)),
        )
        for label, number in shown
    ]
    if cpu is not None:
        label = tag(
            "th",
            "TensorFlow's CPU allocator",
            tag("small", "while training on the CPU: another program"),
            scope="row",
        )
        rows.append(
            tag(
                "tr",
                label,
                tag("td", charts.length(cpu, most, "context"), class_="chart"),
                _number(words.size(cpu)),
            )
        )
    if rows:
        heads: list[str | Html] = ["Resident memory", tag("span", "Size as a bar", class_="hidden"), "#Size"]
        parts.append(_table("Host memory of the process", heads, rows, name="host"))
    if estimate.host.buffers:
        buffers = [
            tag(
                "tr",
                tag("th", tag("code", buffer.op), _small(buffer.note), scope="row"),
                _number(words.buffer_elements(buffer)),
                _number(words.size(buffer.bytes)),
            )
            for buffer in estimate.host.buffers
        ]
        parts.append(
            _table(
                "Buffers of tf.data when they are full",
                ["Buffer of tf.data, full", "#Holds", "#Size"],
                buffers,
            )
        )
    about = "Of the process that ran the script: read in this run; buffers from the data set's graph."
    return _section("host", "Host memory", about, *parts, width="broad") if parts else None


def limits(estimate: Estimate) -> Html | None:
    """What was not covered, and notes."""
    items = [
        tag("li", tag("strong", missing.what), f": {missing.detail}" if missing.detail else None)
        for missing in estimate.not_covered
    ]
    about = "Was not run, and may need memory of its own." if items else ""
    parts = [tag("ul", *items)] if items else []
    if estimate.notes:
        notes = tag("ul", *(tag("li", note) for note in estimate.notes))
        parts += [tag("h3", "Notes"), notes] if items else [notes]
    return (
        _section("limits", "Not covered" if items else "Notes", about, *parts, width="narrow")
        if parts
        else None
    )


def made(estimate: Estimate) -> Html:
    """How the numbers came about."""
    rows = [joined(tag("dt", label), tag("dd", said)) for label, said in words.made(estimate)]
    return _section("made", "How the numbers were made", "", tag("dl", *rows))
