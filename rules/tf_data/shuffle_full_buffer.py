"""KM203: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.pipelines.buffers import sliced
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.tf_data._shuffles import SHORT, Shuffle, cost, held, shuffles

RULE = Rule("KM203", "shuffle-full-buffer", severity="warning", words=("shuffle", "fit"), fix="unsafe")


def check(script: Script) -> Iterator[Finding]:
    for shuffle in shuffles(script, "KM203"):
        buffer = shuffle.buffer
        what = "is as long as the data set: it" if buffer.whole else "is long enough for a whole data set: it"
        elements = "samples of the array a second time" if sliced(buffer.data) else "decoded elements"
        yield Finding(
            at=script.call_place(buffer.call),
            site=script.place(buffer.call.site),
            message=f"the shuffle buffer {what} holds {held(shuffle)} {elements}",
            bytes=cost(script, buffer),
            help=f"a buffer of {SHORT:,} elements is enough when the source is not sorted; shuffle file names or"
            " indices in full instead of what is read from them",
            related=script.trail(buffer.data.origin),
            fixes=_fixes(script, shuffle),
            severity=shuffle.severity,
        )


def _fixes(script: Script, shuffle: Shuffle) -> tuple[Fix, ...]:
    buffer = shuffle.buffer
    if (buffer.data.cardinality or SHORT + 1) <= SHORT:
        return ()
    edit = set_argument(script, buffer.call.node, "buffer_size", str(SHORT), position=0)
    return (Fix(f"shuffle {SHORT:,} elements at a time", False, (edit,), "mixes less"),) if edit else ()
