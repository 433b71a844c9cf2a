"""KM303: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.precision import train_in
from keras_memlint.fixes.statements import remove
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM303",
    "policy-set-too-late",
    severity="warning",
    words=("set_global_policy", "set_dtype_policy", "set_policy"),
    fix="unsafe",
)


def check(script: Script) -> Iterator[Finding]:
    for policy, setter in script.policies:
        if policy is None or not policy.startswith("mixed_") or setter.mapped:
            continue
        for fit in script.trainings:
            model = fit.model
            if model is None or fit.call.order < setter.order:
                continue
            layers = _layers(model)
            early = [call for call in layers if call.order < setter.order]
            if not early or not script.surely_before(early[0], setter):
                continue
            if _policy_before(script, early[0]):
                continue
            which = "the model was built" if len(early) == len(layers) else "layers of the model were made"
            yield Finding(
                at=script.call_place(setter),
                site=script.place(setter.site),
                message=f"`{policy}` is set after {which}: layers keep the policy they were made under, and train in float32",
                help="set the policy before the first layer is made",
                related=(("made here", script.call_place(early[0])),),
                fixes=_fixes(script, fit, policy, setter),
            )
            break


def _layers(model: Model) -> list[Call]:
    """The calls that made the layers of ``model``, first come first; those of a loaded model are not known."""
    if model.kind in ("loaded", "unknown", "subclass"):
        return []
    found = [
        use.layer.call for use in model.uses if use.layer.call is not None and use.layer.name != "InputLayer"
    ]
    if model.kind == "application" and model.call is not None:
        found.append(model.call)
    return sorted(found, key=lambda call: call.order)


def _policy_before(script: Script, call: Call) -> bool:
    """Whether another policy, or one that is not known, may be in force at ``call``."""
    return any(name != "float32" for name, setter in script.policies if setter.order < call.order)


def _fixes(script: Script, fit: Fit, policy: str, setter: Call) -> tuple[Fix, ...]:
    """The policy below the imports, and the output kept in float32; none unless it is a statement with a literal."""
    statement = script.statement_at(script.place(setter.node).start) if script.own(setter.node) else None
    gone = remove(script, statement) if statement is not None else None
    fix = train_in(script, fit, policy)
    if gone is None or fix is None or const(setter.first()) != policy or setter.function is not None:
        return ()
    title = f"set `{policy}` below the imports"
    price = "activations lose precision"
    return (Fix(title, False, (*fix.edits, gone), price),)
