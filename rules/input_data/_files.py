"""What the rules on files read into memory agree on: which arrays are read from files, and when these are many."""

from __future__ import annotations

from collections.abc import Iterable

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.scopes import Loop
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.values import Array, Items, Value

# So many files of unknown size count as a data set.
_MANY = 1000
_DEEP = 4  # lists made from lists


def reads_files(script: Script, sample: Array) -> bool:
    """Whether ``sample`` is what one file holds: an image, a sound, an array."""
    if sample.source != "disk" or sample.labels:
        return False
    maker = script.maker(sample)
    return sample.pixels or (maker is not None and maker.name == "numpy.load" and bool(maker.loops))


def in_bulk(
    script: Script,
    sample: Array,
    growth: Iterable[tuple[Loop, ...]],
    around: tuple[Loop, ...],
    size: int | None,
    *,
    used: bool,
) -> bool:
    """Whether as many files are read as a data set has.

    ``growth`` are the loops that collect ``sample``, ``around`` those in which that begins anew, ``size`` the bytes
    of all, if known. Where neither their number nor their size is known, they are many when a loop lists a folder, or
    when a model is given images of them all (``used``).
    """
    if size is not None:
        return script.large(size)
    reader = script.maker(sample)
    again = {id(loop.node) for loop in around}
    for loops in growth:
        own = tuple(loop for loop in loops if id(loop.node) not in again and _reads(script, loop, reader))
        if own and _many(script, own, used and sample.pixels):
            return True
    return False


def _reads(script: Script, loop: Loop, reader: Call | None) -> bool:
    """Whether each turn of ``loop`` takes another file, read there or before; else it takes pieces of one."""
    if reader is None or any(one.node is loop.node for one in reader.loops):
        return True
    return isinstance(loop.iter, Items) and bool(script.growth(loop.iter))


def _many(script: Script, loops: tuple[Loop, ...], used: bool) -> bool:
    known = 1
    for loop in loops:
        if loop.trips is None:
            return used or any(_listed(script, one.iter, _DEEP) for one in loops if one.trips is None)
        known *= loop.trips
    return known >= _MANY


def _listed(script: Script, iterated: Value, depth: int) -> bool:
    """Whether ``iterated`` are the files of a folder, or what a loop over them collected."""
    if iterated.origin is not None and any(step.note == "listed here" for step in iterated.origin.steps()):
        return True
    if not isinstance(iterated, Items) or not depth:
        return False
    return any(_listed(script, loop.iter, depth - 1) for loops in script.growth(iterated) for loop in loops)
