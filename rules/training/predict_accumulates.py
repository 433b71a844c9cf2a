"""KM504: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM504", "predict-accumulates", severity="hint", words=("TODO",), fix=None)


def check(script: Script) -> Iterator[Finding]:
    for call in script.calls("TODO"):
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="TODO",
            help="TODO",
        )
