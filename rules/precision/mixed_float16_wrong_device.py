"""KM308: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM308",
    "mixed-float16-wrong-device",
    severity="info",
    words=("mixed_float16", "mixed_bfloat16"),
    fix="unsafe",
)


def check(script: Script) -> Iterator[Finding]:
    if not any(True for _ in script.trainings) or len({name for name, _ in script.policies}) != 1:
        return  # the script chooses
    policy, setter = script.policies[-1]
    wrong = _wrong(script, policy, setter)
    if wrong is None:
        return
    message, wanted = wrong
    yield Finding(
        at=script.call_place(setter),
        site=script.place(setter.site),
        message=message,
        help=f"use `{wanted}`",
        fixes=_fixes(script, setter, policy or "", wanted),
    )


def _wrong(script: Script, policy: str | None, setter: Call) -> tuple[str, str] | None:
    """What is wrong with ``policy`` on the device, and the policy that suits it; None when it suits, or is not known."""
    if script.backend == "tensorflow" and script.hides_gpus:
        if policy != "mixed_float16" or setter.conditional:
            return None
        return (
            "the script hides its GPUs and trains in `mixed_float16`, which CPUs compute many times slower than float32",
            "float32",
        )
    target = script.settings.target
    capability = target.compute_capability
    if capability is None or setter.conditional:
        return None
    if policy == "mixed_bfloat16" and capability < (8, 0):
        suits = "mixed_float16" if capability >= (7, 0) else "float32"
        return f"{target.gpu} has no arithmetic for bfloat16: `mixed_bfloat16` is slow there, or fails", suits
    if policy == "mixed_float16" and capability < (7, 0):
        return f"{target.gpu} has no tensor cores: `mixed_float16` saves memory there, but no time", "float32"
    return None


def _fixes(script: Script, setter: Call, policy: str, wanted: str) -> tuple[Fix, ...]:
    """Another policy for the literal; none where its dtype would need loss scaling, or for a policy object."""
    if wanted != "float32" or not script.own(setter.node) or len(setter.node.args) != 1:
        return ()
    place = script.place(setter.node.args[0].value)
    literal = script.source.text[place.start : place.end]
    if literal not in (f'"{policy}"', f"'{policy}'"):
        return ()
    edit = Edit(place.start, place.end, literal.replace(policy, wanted))
    return (Fix(f"train in `{wanted}`", False, (edit,), "more memory for activations"),)
