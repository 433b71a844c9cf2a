"""KM506: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.tapes import Tape
from keras_memlint.fixes.calls import remove_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM506", "persistent-tape", severity="warning", words=("persistent",), fix="safe")


def check(script: Script) -> Iterator[Finding]:
    for tape in script.tapes:
        if not tape.persistent or tape.call.traced is not None:
            continue  # in a graph there is no tape but while it is traced
        if tape.recorded and not tape.escapes:
            if any(map(tape.is_differentiated, tape.recorded)):
                continue
            first = tape.recorded[0]
            yield Finding(
                at=script.call_place(first),
                site=script.place(first.site),
                message="a gradient is computed while its persistent tape records:"
                " the tape keeps what the backward pass makes, too",
                help="ask for gradients after the `with` block",
                related=(("the tape is made here", script.call_place(tape.call)),),
                fixes=_fixes(script, tape),
                severity="warning" if script.reached(first) else "info",
            )
        elif tape.asked_once:
            yield Finding(
                at=script.call_place(tape.call),
                site=script.place(tape.call.site),
                message="a persistent tape is asked for one gradient, and keeps the layers' outputs after it",
                help="leave `persistent=True` out: it is for several gradients of one tape",
                related=(("asked here", script.call_place(tape.gradients[0])),),
                fixes=_fixes(script, tape),
                severity="info",
            )


def _fixes(script: Script, tape: Tape) -> tuple[Fix, ...]:
    argument = tape.call.argument_node("persistent")
    if not tape.asked_once or argument is None:
        return ()
    edit = remove_argument(script, tape.call.node, argument)
    return (Fix("leave `persistent=True` out", True, (edit,)),) if edit is not None else ()
