"""KM215: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Dataset
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.chains import move_before
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM215", "repeat-before-shuffle-or-batch", severity="hint", words=("repeat",), fix="unsafe")

# What may stand between and knows nothing of epochs.
_BETWEEN = ("filter", "map", "prefetch", "with_options")
_MESSAGES = {
    "shuffle": "`shuffle` after `repeat` mixes epochs: some samples come twice before others come once",
    "batch": "`batch` after `repeat` fills batches across the end of an epoch",
    "padded_batch": "`padded_batch` after `repeat` fills batches across the end of an epoch",
}


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for call, dataset in script.dataset_ops(*_MESSAGES):
        repeat = dataset.earlier("repeat", _BETWEEN)
        if repeat is None or repeat.call is None or not _is_of_epochs(script, repeat):
            continue
        if id(repeat.call.node) in reported or (
            dataset.op != "shuffle" and _is_harmless(script, dataset, repeat)
        ):
            continue
        reported.add(id(repeat.call.node))
        edits = move_before(script, call.node, repeat.call.node) if dataset.op == "shuffle" else None
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=_MESSAGES[dataset.op],
            help=f"repeat after `{dataset.op}`: each pass then holds every sample once",
            related=(("repeated here", script.call_place(repeat.call)),),
            fixes=(Fix("shuffle before `repeat`", False, edits, "samples come in another order"),)
            if edits
            else (),
        )


def _is_of_epochs(script: Script, repeat: Dataset) -> bool:
    """Whether each repetition is an epoch; a number may be there to show samples several times in one."""
    if repeat.call is None or repeat.input is None or repeat.input.cardinality == 1 or repeat.call.star:
        return False
    if repeat.call.const("count") == 1:
        return False
    count = repeat.call.argument_node("count")
    return repeat.infinite or (count is not None and "epoch" in script.text(count.value).lower())


def _is_harmless(script: Script, batch: Dataset, repeat: Dataset) -> bool:
    """Whether batches of ``batch`` end where a pass does, must be of one size, or are left to chance anyway."""
    assert batch.call is not None and repeat.input is not None
    samples, size = repeat.input.cardinality, batch.batch_size
    return (
        (samples is not None and bool(size) and samples % (size or 1) == 0)
        or batch.call.given("drop_remainder")
        or script.uses("tf.distribute.")
        or any(step.op == "shuffle" for step in repeat.chain())
    )
