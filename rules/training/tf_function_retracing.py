"""KM508: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.retracing import Retracing
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM508", "tf-function-retracing", severity="warning", words=("function",))

_FEW = 5  # so many traces are no harm
_MANY = 50

_HELP = {
    "number": "pass it as a tensor: `tf.constant(…)`",
    "length": "set `reduce_retracing=True` or an `input_signature` with None for the length",
    "made": "make the function once, before the loop",
}


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for one in script.retracings:
        if one.traces is not None and one.traces <= _FEW:
            continue
        argument = script.text(one.argument.value) if one.argument is not None else ""
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=_message(one, argument),
            help=_HELP[one.why],
            related=(("the loop is here", script.place(one.loop.node)),),
            severity=_severity(one),
        )


def _message(one: Retracing, argument: str) -> str:
    if one.why == "made":
        return "a `tf.function` is made anew in each turn of a loop: each turn traces a new graph"
    if one.why == "length":
        return f"`{argument}` has another length in each batch: a graph is traced and kept for every length"
    return (
        f"`{argument}` is a Python number or string that varies: a graph is traced and kept for every value"
    )


def _severity(one: Retracing) -> Severity:
    """A warning where every call traces, or very many do: not where it is once an epoch."""
    many = one.traces is not None and one.traces >= _MANY
    return "warning" if many or (one.traces is None and one.each_call) else "info"
