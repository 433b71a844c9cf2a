"""``check --bill``: where each script's bytes go, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from keras_memlint.analysis.projects.relevance import relevance
from keras_memlint.analysis.projects.workspace import Workspace
from keras_memlint.analysis.script import analyse
from keras_memlint.analysis.sizes.bill import Bill, Part, TrainingBill, bill_of
from keras_memlint.analysis.sizes.measurement import VERDICTS
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.files import UnreadableError, script_from_bytes
from keras_memlint.analysis.text.printable import one_line, paint
from keras_memlint.analysis.text.source import Place
from keras_memlint.server.discovery import Found
from keras_memlint.server.run import Plans


@dataclass(frozen=True, slots=True)
class Billed:
    """The bill of the script that the user calls ``filename``."""

    filename: str
    bill: Bill

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.bill.host and not self.bill.trainings


def bills(
    files: Iterable[Found],
    plans: Plans,
    read: Callable[[Found], bytes],
    complain: Callable[[str], None],
) -> Iterator[Billed]:
    """The bill of each file, in order; ``complain`` is told of each that cannot be read."""
    workspace = Workspace()
    for found in files:
        try:
            settings = plans.of(found).settings
            source = script_from_bytes(read(found), found.filename).source
        except UnreadableError as error:
            complain(str(error))
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or error
            complain(f"{found.filename}: cannot be read: {reason}")
        else:
            if relevance(source, workspace)[0]:
                yield Billed(found.filename, bill_of(analyse(source, settings, workspace)))


def as_text(bills: Iterable[Billed], *, colour: bool) -> Iterator[str]:
    """A paragraph for each script of which there is something to tell."""
    told = [one for one in bills if not one.empty]
    for number, one in enumerate(told):
        if number:
            yield ""
        yield paint(one_line(one.filename), "bold", colour)
        if one.bill.host:
            yield "  host memory, not all of it at the same time"
            yield from _lines(one.bill.host, one.filename)
        for training in one.bill.trainings:
            yield f"  GPU memory, {_headline(training, one.filename)}"
            yield from _lines(training.parts, one.filename)
    if not told:
        yield "nothing takes memory worth a line, as far as the text tells"


def as_json(bills: Iterable[Billed]) -> str:
    """One array, an object for each script; ``bytes`` null when unknown."""
    return json.dumps([_object(one) for one in bills], indent=2)


def _headline(training: TrainingBill, filename: str) -> str:
    batch = "of unknown batch" if training.batch is None else f"at batch {training.batch:,}"
    head = f"`{training.method}` {batch}, {_where(training.at, filename)}"
    total = training.total
    if total is None:
        return head
    around = f"{format_bytes(total.likely)} ({format_bytes(total.low)} to {format_bytes(total.high)})"
    if total.fits is None or total.name is None or total.memory is None:
        more = (
            ""
            if training.besides is None
            else f" and the GPU's context, about {format_bytes(training.besides)}"
        )
        return f"{head}: about {around}{more}"
    verdict = f"{VERDICTS[total.fits]} {total.name} with {format_bytes(total.memory)}"
    return f"{head}: about {around}, {verdict}"


def _lines(parts: Iterable[Part], filename: str) -> Iterator[str]:
    for part in parts:
        size = "unknown" if part.bytes is None else format_bytes(part.bytes)
        yield f"  {size:>10}  {one_line(part.what)}, {_where(part.at, filename)}"


def _where(at: Place, filename: str) -> str:
    """``14:6``, with the cell in a notebook, and the file when it is another one than the script."""
    spot = at.source.location(at.start)
    cell = "" if spot.cell is None else f"cell {spot.cell + 1}:"
    other = "" if at.source.path == filename else f"{one_line(at.source.path)}:"
    return f"{other}{cell}{spot.row}:{spot.column}"


def _object(one: Billed) -> dict[str, Any]:
    return {
        "filename": one.filename,
        "host": [_part(part) for part in one.bill.host],
        "trainings": [_training(training) for training in one.bill.trainings],
    }


def _part(part: Part) -> dict[str, Any]:
    return {"what": part.what, "bytes": part.bytes, **_place(part.at)}


def _place(at: Place) -> dict[str, Any]:
    spot = at.source.location(at.start)
    return {
        "filename": at.source.path,
        "location": {"row": spot.row, "column": spot.column},
        "cell": spot.cell,
    }


def _training(training: TrainingBill) -> dict[str, Any]:
    total = training.total
    return {
        "method": training.method,
        "batch_size": training.batch,
        **_place(training.at),
        "parts": [_part(part) for part in training.parts],
        "target": None if total is None else total.name,
        "target_bytes": None if total is None else total.memory,
        "bytes": None if total is None else {"low": total.low, "mid": total.likely, "high": total.high},
        "fits": None if total is None else total.fits,
    }
