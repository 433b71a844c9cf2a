"""What takes most of the memory that ran out, where a message names no tensor: the script's bill."""

from __future__ import annotations

from collections.abc import Iterable

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.sizes.bill import Part, bill_of
from keras_memlint.analysis.text.source import Place
from keras_memlint.server.oom.failure import Failure
from keras_memlint.server.oom.remedies import IN_A_STEP, overlap

_MOST = 4


def parts_of(scripts: Iterable[Script], failure: Failure, row: Place | None) -> list[Part]:
    """The largest parts whose size the text tells; those of the row that failed alone, if it makes any."""
    host, step = failure.memory == "host", failure.kind in IN_A_STEP
    found: list[Part] = []
    for script in scripts:
        bill = bill_of(script)
        found += bill.host if host else ()
        for training in bill.trainings if step else ():
            found += training.parts
    known = sorted((part for part in found if part.bytes), key=lambda part: -(part.bytes or 0))
    here = [part for part in known if row is not None and overlap(part.at, row)]
    return (here or known)[:_MOST]
