"""KM509: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM509", "steps-per-execution-jit", severity="hint", words=("jit_compile",))


def check(script: Script) -> Iterator[Finding]:
    if script.backend != "tensorflow":
        return  # JAX always compiles
    for call in script.calls("keras.Model.compile"):
        if call.const("jit_compile") is True:
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message="XLA compiles the training step and plans its memory by itself: the peak may rise or fall, and each"
                " shape of a batch gets a program of its own",
                help='batches of one size, `batch(…, drop_remainder=True)`; after "out of memory" try `jit_compile=False`',
            )
