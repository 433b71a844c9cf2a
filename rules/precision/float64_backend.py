"""KM306: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM306",
    "float64-backend",
    severity="info",
    words=("float64", "x64"),
    fix="unsafe",
)

# Where derivatives are taken of derivatives, or equations solved, the digits are needed.
_EXACT = ("deepxde", "gpflow", "sciann", "tensorflow_probability", "tfdiffeq", "diffrax", "torchdiffeq")
_WORDS = re.compile(
    r"\bpinns?\b|physics.informed|double precision|collocation|navier.stokes|\bpde\b", re.IGNORECASE
)


def check(script: Script) -> Iterator[Finding]:
    call = script.default_dtype("float64")
    fit = next(iter(script.trainings), None)
    if call is None or fit is None or _is_exact(script):
        return
    estimate = script.static_estimate(fit)
    extra = estimate.program if estimate is not None else None
    yield Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message="weights, gradients, optimizer values and activations take eight bytes a number instead of four",
        bytes=extra,
        cost=f"at least {format_bytes(extra)} more" if extra is not None else "",
        help="train in float32, and convert to float64 only what needs the digits",
        fixes=_fixes(script, call),
        severity="warning" if script.large(extra) else "info",
    )


def _is_exact(script: Script) -> bool:
    packages = {one.dotted.partition(".")[0] for one in script.imports}
    return not packages.isdisjoint(_EXACT) or _WORDS.search(script.source.text) is not None


def _fixes(script: Script, call: Call) -> tuple[Fix, ...]:
    """``float32`` for the literal; none for a policy object, or a value from elsewhere."""
    node = call.node.args[0].value if len(call.node.args) == 1 else None
    if node is None or not script.own(call.node):
        return ()
    place = script.place(node)
    literal = script.source.text[place.start : place.end]
    if literal not in ('"float64"', "'float64'"):
        return ()
    edit = Edit(place.start, place.end, literal.replace("float64", "float32"))
    return (Fix("compute in float32", False, (edit,), "fewer digits"),)
