"""KM107: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.scopes import Growth, trips_of
from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.growing import Regrown
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._files import Uses, bulk, reads_files, uses

RULE = Rule(
    "KM107",
    "array-grown-in-loop",
    severity="info",
    words=("append", "concatenate", "vstack", "hstack", "dstack", "concat"),
)
# Fewer turns copy so little that nobody would notice.
_FEW = 10
_READERS = ("pandas.read_",)
_HELP = "allocate the array once and fill in its rows, or collect the parts in a list and join them once"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or not script.regrown:
        return
    used = uses(script)
    reported: set[int] = set()
    for one in script.regrown:
        found = _cost(script, one, used)
        loop = id(one.loops[-1].node)
        if found is None or loop in reported:
            continue  # images and labels that grow in one loop have one cause
        reported.add(loop)
        size, severity = found
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=f"each turn of the loop copies all of `{one.name}`, which is in memory twice meanwhile",
            bytes=size,
            help=_HELP,
            related=script.trail(one.part.origin)[:1],
            severity=severity,
        )


def _cost(script: Script, one: Regrown, used: Uses) -> tuple[int | None, Severity] | None:
    """Bytes of what it grows to, None when unknown, and how likely it is that this is much; None when it is not."""
    part, grown = one.part, one.call.result
    turns = trips_of(one.loops)
    if not isinstance(part, Array) or part.labels or (turns is not None and turns < _FEW):
        return None
    if not isinstance(grown, Array) or grown.source == "toy" or part.source == "toy":
        return None
    if turns is not None and part.bytes is not None:
        size = turns * part.bytes
        return (size, "warning") if script.large(size) and not one.call.conditional else None
    if reads_files(script, part):
        around = tuple(loop for loop in one.call.loops if loop not in one.loops)
        result = grown.but(shape=None, size=None)  # what one turn of the loop makes is not all
        much = bulk(script, part, result, [Growth(one.loops, one.call.conditional)], around, used)
        return (much.bytes, much.severity) if much is not None else None
    maker = script.maker(part)
    if part.kind == "frame" and maker is not None and maker.name.startswith(_READERS) and maker.loops:
        return None, "info"
    trained = id(one.call.node) in used.trained
    return (None, "hint") if trained and part.source != "network" else None
