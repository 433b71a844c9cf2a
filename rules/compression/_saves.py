"""What saves leave on disk that a training loop of the script's own makes, or a callback of its own."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.training.saving import CHECKPOINT, Saved, saved
from keras_memlint.rules.base import Finding

# So many files are worth a word: of weights, and of what holds the optimizer's state as well.
_WEIGHTS, _WHOLE = 100, 10


def left(script: Script, disk: int) -> Iterator[Finding]:
    """A finding for each save that leaves many files, unless all of them are known to take less than ``disk`` bytes."""
    for one in saved(script):
        most = one.files if one.files is not None else one.most
        if most is not None and most < (_WHOLE if one.whole else _WEIGHTS):
            continue
        each, exact = _bytes(script, one)
        total = each * (one.files or 0)
        if exact and one.files is not None and total < disk:
            continue
        large = total >= max(disk, script.settings.size_threshold)
        what = (
            "a checkpoint" if one.call.name == CHECKPOINT else "a model" if one.whole else "a file of weights"
        )
        state = ", optimizer state included" if one.whole else ""
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=f"each {'save of the loop' if one.loop is not None else 'epoch'} leaves {what} of its own on disk{state},"
            " and none is removed",
            cost=f"{'' if exact else 'at least '}{format_bytes(total)} on disk, {one.files} files of {format_bytes(each)}"
            if large
            else "",
            bytes=total if large else None,
            help="`tf.train.CheckpointManager` with `max_to_keep` numbers the files and removes old ones"
            if one.call.name == CHECKPOINT
            else "save under one name, so that the file is written again each time",
            related=(("the loop is here", script.place(one.loop.node)),) if one.loop is not None else (),
            severity="info" if large else "hint",
        )


def _bytes(script: Script, one: Saved) -> tuple[int, bool]:
    """Bytes of one file, and whether that is all of it or only what is known."""
    if one.model is None:
        return 0, False
    if not one.whole:
        return one.model.known_parameters * 4, one.model.parameters is not None
    slots = script.optimizer_slots(one.model)
    return one.model.trained_bytes(slots or 0), slots is not None and one.model.parameters is not None
