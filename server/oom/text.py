"""The report of ``oom`` for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keras_memlint.analysis.sizes.bill import Part
from keras_memlint.analysis.sizes.bill import shape as in_words
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.printable import one_line, paint
from keras_memlint.analysis.text.source import Place
from keras_memlint.rules.positions import to_position
from keras_memlint.server.formats.places import line_text, shown
from keras_memlint.server.formats.text import marked
from keras_memlint.server.oom.failure import Failure, is_python
from keras_memlint.server.oom.remedies import Remedy
from keras_memlint.server.oom.report import Report
from keras_memlint.server.oom.tying import tensor_of

_MOST_OTHERS = 3
_MOST_TIES = 6
_MOST_UNKNOWN = 5


def as_text(report: Report, *, colour: bool) -> Iterator[str]:
    """What failed, where in the script, and what would save most."""
    failure = report.failure
    where = paint(one_line(f"{report.log}:{failure.line}"), "bold", colour)
    yield f"{where} {paint('error', 'error', colour)}: {headline(failure)}"
    for size, what in _sizes(failure):
        yield f"  {format_bytes(size):>10}  {what}"
    for text in (*_names(failure), *_room(failure), *_others(report)):
        yield _note(text, colour)
    if places := list(_places(report, colour)):
        yield ""
        yield from places
    if report.parts:
        yield ""
        yield paint("what takes most, as far as the text tells", "bold", colour)
        yield from map(_part, report.parts)
    if report.remedies:
        yield ""
        yield paint("what would save memory, largest first", "bold", colour)
        yield from _remedies(report.remedies)


def _part(part: Part) -> str:
    size = "unknown" if part.bytes is None else format_bytes(part.bytes)
    return f"  {size:>10}  {one_line(part.what)}, {one_line(spot(part.at))}"


def headline(failure: Failure) -> str:
    """Which memory ran out, and who says so."""
    if not failure.sure:
        return f"a process was killed, perhaps because the host ran out of memory, says {failure.reporter}"
    said = f"says {failure.reporter}"
    if failure.memory is None:
        return f"memory ran out, {said}; whether the GPU's or the host's, the log does not tell"
    return f"the {'GPU' if failure.memory == 'gpu' else 'host'} ran out of memory, {said}"


def _sizes(failure: Failure) -> Iterator[tuple[int, str]]:
    tensor = tensor_of(failure)
    if failure.exact is not None:
        yield failure.exact, f"asked for: {failure.dtype} {in_words(failure.shape)}"
    exact = None if failure.exact is None else format_bytes(failure.exact)
    if failure.said is not None and format_bytes(failure.said) != exact:
        yield failure.said, "what the message says" if failure.exact is not None else "asked for"
    buffer = failure.buffer
    if failure.shape is None and tensor is not None and buffer is not None and buffer.bytes is not None:
        yield buffer.bytes, f"the program's largest buffer: {buffer.dtype} {in_words(tensor)}"
    if failure.held is not None:
        yield failure.held, "in use" if failure.process is None else f"held by `{one_line(failure.process)}`"
    if failure.limit is not None:
        yield failure.limit, "the limit"


def _names(failure: Failure) -> Iterator[str]:
    known = (("allocator", failure.allocator), ("node", failure.node), ("operation", failure.op))
    named = [f"{name} `{one_line(value)}`" for name, value in known if value]
    if failure.exact is None and failure.shape is not None:
        named.append(f"shape {in_words(failure.shape)}")
    if failure.process and failure.held is None:
        named.append(f"process `{one_line(failure.process)}`")
    if failure.process and not is_python(failure.process):
        named.append("no Python was killed, so the training may go on")
    if named:
        yield ", ".join(named)


def _room(failure: Failure) -> Iterator[str]:
    """How what was asked for compares with what there was, where that says more than that it was too much."""
    asked, held, limit = failure.asked, failure.held, failure.limit
    if failure.memory != "gpu" or asked is None or limit is None:
        return
    if asked > limit:
        yield "this alone is more than there is"
    elif held is not None and held + asked <= limit:
        free = format_bytes(limit - held)
        yield f"{free} were free: in pieces too small, or held by another process; see KM706"


def _others(report: Report) -> Iterator[str]:
    for other in report.others[-_MOST_OTHERS:]:
        size = "" if other.asked is None else f", {format_bytes(other.asked)}"
        yield f"also in line {other.line}: {headline(other)}{size}"
    if (more := len(report.others) - _MOST_OTHERS) > 0:
        yield f"and {more:,} more failures before"


def _places(report: Report, colour: bool) -> Iterator[str]:
    row = report.row
    if row is not None and row.at is not None:
        yield f"{paint(one_line(spot(row.at)), 'bold', colour)}: it failed here"
        yield from _code(row.at, colour)
    elif row is not None:
        yield _note(
            f"row {row.row} of {one_line(row.filename)} is not what it was when the log was written", colour
        )
    for tie in report.ties[:_MOST_TIES]:
        yield _note(f"{tie.what}, {one_line(spot(tie.at))}", colour)
    if (more := len(report.ties) - _MOST_TIES) > 0:
        yield _note(f"and {more:,} more places that match as well", colour)
    if report.untied:
        names = ", ".join(map(one_line, report.scripts))
        yield _note(f"nothing in {names} is known to have the shape of this tensor", colour)
    if report.missing is not None:
        place = one_line(f"{report.missing.file}:{report.missing.row}")
        yield _note(f"{place} is not here; name the script with --script", colour)
    elif report.scripts and not report.remedies:
        yield _note(
            f"no rule finds anything about this memory in {', '.join(map(one_line, report.scripts))}", colour
        )
    elif not report.scripts:
        yield _note("the log names no script that is here; name it with --script", colour)


def _code(at: Place, colour: bool) -> Iterator[str]:
    position, cell = to_position(at.source, at.start), at.source.cell_at(at.start)
    line = line_text(at.source, position.row, None if cell is None else cell.index) or ""
    code, carets = marked(line, position.column - 1, position.column - 1 + at.end - at.start)
    number, bar = str(position.row), paint("|", "dim", colour)
    gutter = " " * len(number)
    yield f"{gutter} {bar}"
    yield f"{paint(number, 'dim', colour)} {bar} {code.rstrip()}"
    yield f"{gutter} {bar} {paint(carets, 'error', colour)}"


def _remedies(found: Iterable[Remedy]) -> Iterator[str]:
    unknown = 0
    for remedy in found:
        unknown += remedy.bytes is None
        if unknown <= _MOST_UNKNOWN:
            yield from _remedy(remedy)
    if unknown > _MOST_UNKNOWN:
        yield f"  and {unknown - _MOST_UNKNOWN:,} more of unknown size, see `keras-memlint check --hints`"


def _remedy(remedy: Remedy) -> Iterator[str]:
    size = "unknown" if remedy.bytes is None else format_bytes(remedy.bytes)
    more = ", or more" if remedy.at_least else ""
    finding = remedy.finding
    if finding is None:
        where = "" if remedy.at is None else f", {one_line(spot(remedy.at))}"
        yield f"  {size:>10}  {remedy.what}{more}{where}"
        return
    where = one_line(shown(finding.filename, finding.location, finding.cell))
    message = finding.message.removesuffix(f" ({size})")
    yield f"  {size:>10}  {finding.code}: {one_line(message)}, {where}"
    if finding.help:
        yield f"  {'':>10}  help: {one_line(finding.help)}"


def spot(at: Place) -> str:
    """``train.py:14:6``, with the cell in a notebook."""
    cell = at.source.cell_at(at.start)
    return shown(at.source.path, to_position(at.source, at.start), None if cell is None else cell.index)


def _note(text: str, colour: bool) -> str:
    return f"  {paint('note', 'bold', colour)}: {text}"
