"""An estimate for a terminal: the answer first, a table with one row a GPU, then where the memory goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keras_memlint.analysis.text.printable import one_line, paint
from keras_memlint.estimate.report import words
from keras_memlint.estimate.report.layout import (
    bar,
    columns,
    encodable,
    padded,
    share_bar,
    table,
    wrapped,
)
from keras_memlint.estimate.result import TIERS, Estimate, TargetEstimate

_NARROWEST, _WIDEST = 60, 120
_MOST_TENSORS = 5
_FITS = {"yes": "good", "borderline": "warning", "no": "error"}
_HEADS = ("memory", "program peak", "with context", "fits", "largest batch")
_WIDTHS = (8, 14, 14, 10, 13)
_RIGHT = (True, True, True, False, False)


def render(estimate: Estimate, *, width: int = 80, colour: bool = False, encoding: str = "utf-8") -> str:
    """The whole report. ``width`` in columns; ``encoding`` of where it goes decides which characters are drawn."""
    room = min(max(width, _NARROWEST), _WIDEST)
    lines = list(_lines(estimate, room, colour))
    return encodable("\n".join(lines), encoding) + "\n"


def _lines(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    yield from (paint(line, "bold", colour) for line in wrapped(words.verdict(estimate), room))
    yield from wrapped(words.basis(estimate), room)
    for section in (_gpus, _peak, _tensors, _what_if, _host, _not_covered, _notes, _made):
        lines = list(section(estimate, room, colour))
        if lines:
            yield ""
            yield from lines


def _heading(text: str, about: str, room: int, colour: bool) -> Iterator[str]:
    """``text`` and, fainter, what it is about; on a line of its own where both are too long."""
    text, about = one_line(text), f"({one_line(about)})" if about else ""
    if columns(text) + columns(about) < room:
        yield f"{paint(text, 'bold', colour)} {paint(about, 'dim', colour and bool(about))}".rstrip()
    else:
        yield paint(text, "bold", colour)
        yield from (paint(line, "dim", colour) for line in wrapped(about, room))


def _gpus(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    if not estimate.targets:
        return
    longest = max(columns(one_line(target.name)) for target in estimate.targets)
    # What is too long for its column gets a line of its own.
    first = max(3, min(longest, room - sum(_WIDTHS) - 2 * len(_WIDTHS)))
    yield paint(_row("GPU", _HEADS, first, {}), "bold", colour)
    for target in estimate.targets:
        yield from _gpu(target, first, room, colour)


def _gpu(target: TargetEstimate, first: int, room: int, colour: bool) -> Iterator[str]:
    name = one_line(target.name)
    batch, sure = words.largest(target.largest_batch)
    if columns(name) > first:
        yield name.rstrip()
        name = ""
    program, total = target.program_peak_bytes, target.device_total_bytes
    figures = (
        words.size(target.memory_bytes),
        words.size(program.mid),
        words.size(total.mid),
        target.fits,
        batch,
    )
    yield _row(name, figures, first, {3: _FITS[target.fits]} if colour else {})
    ends = [words.span(figure) if figure.low != figure.high else "" for figure in (program, total)]
    if any((*ends, sure)):
        yield paint(_row("", ("", *ends, "", sure), first, {}), "dim", colour)
    yield _bar_line(target, room, colour)
    off = words.line_error(target.largest_batch)
    line = f"the line through smaller batches was off by {off} at the largest batch" if off else None
    for remark in (line, target.note):
        if remark:
            yield from (paint(line, "dim", colour) for line in wrapped(f"note: {remark}", room, "  ", "    "))


def _row(name: str, cells: tuple[str, ...], first: int, paints: Mapping[int, str]) -> str:
    """``cells`` in the columns of the table; ``paints`` gives some of them a colour by their place."""
    shown = [
        padded(text, to, right=right, paints=paints.get(place, ""))
        for place, (text, to, right) in enumerate(zip(cells, _WIDTHS, _RIGHT, strict=True))
    ]
    return "  ".join([padded(name, first), *shown]).rstrip()


def _bar_line(target: TargetEstimate, room: int, colour: bool) -> str:
    total, tier = target.device_total_bytes, TIERS[target.tier]
    share = words.percent(total.mid, target.memory_bytes)
    length = max(10, room - 2 - 1 - 2 - len(share) - 2 - len(tier))
    inside, beyond = bar(total, target.memory_bytes, min(length, 40))
    paints = _FITS[target.fits]
    drawn = f"{paint(inside, paints, colour)}│{paint(beyond, 'error', colour and bool(beyond))}"
    return f"  {drawn}  {share}  {paint(tier, 'dim', colour)}"


def _peak(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    parts = words.peak_parts(estimate)
    if not parts:
        return
    yield from _heading("At the peak of the program", words.first_gpu(estimate), room, colour)
    length = min(room - 40, 40)
    rows = [
        (
            part,
            words.size(number),
            "" if number is None else words.percent(share, 1),
            share_bar(share, length),
        )
        for part, number, share in parts
    ]
    yield from table(rows, room, right="12")


def _tensors(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    largest = sorted(estimate.tensors, key=lambda tensor: -tensor.bytes)[:_MOST_TENSORS]
    if not largest:
        return
    yield from _heading("Largest tensors there", words.first_gpu(estimate), room, colour)
    rows = [
        (
            words.size(tensor.bytes),
            tensor.kind,
            tensor.shape,
            ", ".join(filter(None, (tensor.layer or tensor.op, tensor.source))),
        )
        for tensor in largest
    ]
    yield from table(rows, room, right="0")


def _what_if(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    for number, (gpu, changes) in enumerate(words.by_target(estimate)):
        if number:
            yield ""
        yield from _heading("What if", words.recomputed(estimate, gpu), room, colour)
        rows = []
        for change in changes:
            peak = change.program_peak_bytes
            title = change.title or change.change
            if change.problem:
                title += f": {change.problem}"
            elif change.safe:
                title += " (same results)"
            rows.append(
                (
                    words.saving(change),
                    f"peak {words.size(peak.mid)}" if peak else "",
                    words.misfit(change) + title,
                )
            )
        yield from table(rows, room)


def _host(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    rows = [(label, words.size(number), "") for label, number in words.host_rows(estimate)]
    if rows:
        yield from _heading("Host memory of the process", "resident, seen in this run", room, colour)
        yield from table(rows, room, right="1")
    if estimate.cpu_allocator_peak_bytes is not None:
        if rows:
            yield ""
        about = "measured while training on the CPU: another program than the GPU's"
        yield from _heading("TensorFlow's CPU allocator", about, room, colour)
        yield from table([("peak", words.size(estimate.cpu_allocator_peak_bytes), "")], room)
    if estimate.host.buffers:
        if rows or estimate.cpu_allocator_peak_bytes is not None:
            yield ""
        yield from _heading(
            "Buffers of tf.data when full", "host memory, from the data set's graph", room, colour
        )
        buffers = [
            (buffer.op, words.buffer_elements(buffer), words.size(buffer.bytes), buffer.note)
            for buffer in estimate.host.buffers
        ]
        yield from table(buffers, room, right="12")


def _not_covered(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    if estimate.not_covered:
        yield from _heading("Not covered", "was not run, may need memory of its own", room, colour)
        yield from table([(missing.what, missing.detail) for missing in estimate.not_covered], room)


def _notes(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    if estimate.notes:
        yield from _heading("Notes", "", room, colour)
        for note in estimate.notes:
            yield from wrapped(note, room, "  ")


def _made(estimate: Estimate, room: int, colour: bool) -> Iterator[str]:
    yield from _heading("How the numbers were made", "", room, colour)
    yield from table(words.made(estimate), room, dim="0", colour=colour)
