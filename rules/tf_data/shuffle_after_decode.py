"""KM202: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.pipelines.buffers import SLICES, image_read
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.chains import leave_out, move_before
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.tf_data._shuffles import Shuffle, cost, held, loader_shuffles, shuffles

RULE = Rule("KM202", "shuffle-after-decode", severity="warning", words=("shuffle", "fit"), fix="unsafe")


def check(script: Script) -> Iterator[Finding]:
    for shuffle in shuffles(script, "KM202"):
        call, grows = shuffle.buffer.call, shuffle.grows
        made = "mapped" if grows is not None and grows.stage == SLICES else "decoded"
        reader = "generator" if image_read(shuffle.buffer.data) is not None else "loader"
        where = "before `map`" if grows is not None else f"file names in the {reader}"
        if shuffle.zipped:
            where = "the file names zipped with the rest, and `map` after that"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the shuffle buffer holds {held(shuffle)} {made} elements"
            f" instead of {grows.stage if grows is not None else 'file names'}",
            bytes=cost(script, shuffle.buffer),
            help=f"shuffle {where}: the buffer then holds elements that are still small",
            related=script.trail(shuffle.buffer.data.origin),
            fixes=_fixes(script, shuffle),
            severity=shuffle.severity,
        )


def _fixes(script: Script, shuffle: Shuffle) -> tuple[Fix, ...]:
    call = shuffle.buffer.call
    if shuffle.zipped:
        return ()  # what is zipped has to be built anew
    if shuffle.grows is None:
        edits = leave_out(script, call.node) if loader_shuffles(shuffle.buffer.data) else None
        title, price = "drop this shuffle, the loader shuffles file names", "samples mix in another order"
    else:
        earlier = shuffle.grows.op.call
        edits = move_before(script, call.node, earlier.node) if earlier is not None else None
        title = f"shuffle {shuffle.grows.stage}, before `map`"
        price = "random operations give other results"
    return (Fix(title, False, edits, price),) if edits is not None else ()
