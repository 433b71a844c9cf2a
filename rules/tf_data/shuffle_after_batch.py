"""KM204: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.pipelines.buffers import expansion, passable, shuffle_buffer
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.chains import leave_out, move_before
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.tf_data._shuffles import (
    SHORT,
    Shuffle,
    batcher,
    cost,
    held,
    judge,
    loader_shuffles,
    shuffles,
)

RULE = Rule("KM204", "shuffle-after-batch", severity="warning", words=("shuffle", "fit"), fix="unsafe")


def check(script: Script) -> Iterator[Finding]:
    for shuffle in shuffles(script, "KM204"):
        call, size = shuffle.buffer.call, shuffle.buffer.data.batch_size
        many = f"{held(shuffle)} batches of {size:,}" if size else f"{held(shuffle)} batches"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`shuffle` counts batches here: its buffer holds {many}, and samples within a batch never mix",
            bytes=cost(script, shuffle.buffer),
            help="shuffle samples before they are batched",
            related=script.trail(shuffle.buffer.data.origin),
            fixes=_fixes(script, shuffle),
            severity=shuffle.severity,
        )


def _fixes(script: Script, shuffle: Shuffle) -> tuple[Fix, ...]:
    data, call = shuffle.buffer.data, shuffle.buffer.call
    batch = batcher(data)
    if batch is None or batch.call is None:
        return ()
    if batch.input is None:
        edits = leave_out(script, call.node) if loader_shuffles(data) else None
        title, price = "drop this shuffle, the loader shuffles file names", "samples mix in another order"
        return (Fix(title, False, edits, price),) if edits is not None else ()
    if not any(op.input is batch for op in passable(data)) and data is not batch:
        return ()
    grows = expansion(batch.input)
    earlier = grows.op.call if grows is not None else batch.call
    if earlier is None:
        return ()
    change: Edit | None = None
    title, price = "shuffle samples before they are batched", "the buffer then counts samples"
    alone = shuffle_buffer(call, batch.input)
    if grows is None and alone is not None and judge(script, alone) is not None:
        change = set_argument(script, call.node, "buffer_size", str(SHORT), position=0)
        title, price = f"{title}, {SHORT:,} at a time", "mixes in another order"
        if change is None or (batch.input.cardinality or SHORT + 1) <= SHORT:
            return ()
    edits = move_before(script, call.node, earlier.node, change)
    return (Fix(title, False, edits, price),) if edits is not None else ()
