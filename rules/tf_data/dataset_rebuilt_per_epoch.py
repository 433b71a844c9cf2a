"""KM216: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Dataset
from keras_memlint.analysis.reach.uses import uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.chains import assigned_name, root_name
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM216",
    "dataset-rebuilt-per-epoch",
    severity="warning",
    words=("shuffle", "map", "batch", "repeat", "next"),
)

# What is done once more in each turn; a part that is skipped or put behind in each turn may be meant.
_EFFECTS = {
    "batch": "makes batches of batches",
    "cache": "keeps the data once more",
    "map": "calls its function once more on each element",
    "padded_batch": "makes batches of batches",
    "prefetch": "adds a buffer",
    "repeat": "repeats what is repeated already",
    "shuffle": "adds a buffer",
}


def check(script: Script) -> Iterator[Finding]:
    yield from _longer(script)
    if script.is_test:
        return
    for data, call in script.started_over:
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="each turn of the loop starts the pipeline anew for one element of it: its shuffle buffer is filled again",
            help="make the iterator once, before the loop, or go through the pipeline: `for batch in data`",
            related=(("the loop is here", script.place(call.loops[-1].node)), *script.trail(data.origin)),
            severity="info",
        )


def _longer(script: Script) -> Iterator[Finding]:
    reported: set[int] = set()
    for call, dataset in script.dataset_ops(*_EFFECTS):
        loop = call.loops[-1] if call.loops else None
        if loop is None or loop.kind not in ("for", "while") or id(loop) in reported or call.conditional:
            continue  # a branch may do it in the first turn only
        name = assigned_name(script, call.node)
        if name is None or root_name(call.node) != name or not _was_made_before(dataset, name, loop):
            continue
        called = call.caller is not None and loop in call.caller.loops
        if called and uses_of(script, name) is not None:
            continue  # the name is a function's own, anew in each turn: not a global one
        if not _is_used(script, dataset, loop) or script.breaks(loop):
            continue
        reported.add(id(loop))
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{name}` becomes longer in each turn of the loop: each `{dataset.op}` {_EFFECTS[dataset.op]}",
            help="make the pipeline once, before the loop; each iteration over it is a new epoch, shuffled anew",
        )


def _was_made_before(dataset: Dataset, name: str, loop: Loop) -> bool:
    """Whether a turn of ``loop`` starts with what ``name`` was before it, so that the next finds it changed."""
    first: Call | None = None
    for op in dataset.chain():
        if op.op == "unknown":
            return False  # what the loop may have bound anew
        if op.call is None or loop not in op.call.loops:
            return first is not None and root_name(first.node) == name
        first = op.call
    return False


def _is_used(script: Script, dataset: Dataset, loop: Loop) -> bool:
    """Whether a turn of ``loop`` reads what it made: iterates it, or trains on it."""
    read = [fit.x for fit in script.fits if loop in fit.call.loops]
    read += [nest[-1].iter for nest in script.nests if loop in nest[:-1]]
    behind = [script.dataset_behind(value) for value in read]
    return any(data is not None and dataset in data.chain() for data in behind)
