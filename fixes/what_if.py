"""The changes that an estimate recomputes, made in the script where it says what they are about."""

from __future__ import annotations

import re

from keras_memlint.analysis.script import Script
from keras_memlint.fixes.batches import accumulated, batch_of, smaller_batch
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.precision import train_in

_NUMBERED = re.compile(r"(batch_size|gradient_accumulation_steps)=(\d{1,9})", re.ASCII)
_POLICIES = ("mixed_float16", "mixed_bfloat16")


def make(script: Script, change: str) -> Fix | None:
    """The edits for ``change``, called as in an estimate: ``mixed_float16``, ``batch_size=16``, …

    None for what no edit is known for, what the script does already, and where it is not sure what to edit.
    """
    fit = script.estimated_training
    if fit is None:
        return None
    if change in _POLICIES:
        chosen = script.precision_is_chosen or script.slices_arrays
        return None if chosen or _is_slow(script, change) else train_in(script, fit, change)
    match = _NUMBERED.fullmatch(change)
    if match is None:
        return None
    number = int(match[2])
    if match[1] == "batch_size":
        return smaller_batch(script, fit, number)
    batch = batch_of(script, fit)
    if batch is None or number < 2 or batch.size < number:
        return None
    return accumulated(script, fit, batch.size // number, number)


def _is_slow(script: Script, policy: str) -> bool:
    """Whether the target GPU has no arithmetic of its own for ``policy``: bfloat16 came with compute capability 8.0."""
    capability = script.settings.target.compute_capability
    return policy == "mixed_bfloat16" and capability is not None and capability < (8, 0)
