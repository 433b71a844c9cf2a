"""KM305: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.precision import train_in
from keras_memlint.fixes.statements import remove
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM305",
    "pure-float16",
    severity="info",
    words=("float16",),
    fix="unsafe",
)

_HELP = 'use the policy "mixed_float16": weights stay float32, activations are float16, and `compile` scales the loss'


def check(script: Script) -> Iterator[Finding]:
    call = script.default_dtype("float16")
    if call is None or not any(True for _ in script.trainings):
        return  # a model that is only used may well be float16
    yield Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message="all weights and their updates are float16, without loss scaling: small updates are lost",
        help=_HELP,
        fixes=_fixes(script, call),
    )


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    """The mixed policy below the imports instead; none where an output is not known, or the call is no statement."""
    fit = next(iter(script.trainings))
    statement = script.statement_at(script.place(call.node).start) if script.own(call.node) else None
    gone = remove(script, statement) if statement is not None else None
    fix = train_in(script, fit, "mixed_float16")
    if gone is None or fix is None or call.function is not None:
        return ()
    title = "train in `mixed_float16`"
    price = "other numbers, and float32 weights"
    return (Fix(title, False, (*fix.edits, gone), price),)
