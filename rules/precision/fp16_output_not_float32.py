"""KM302: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.precision import gives_policy_dtype
from keras_memlint.fixes.calls import append_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM302",
    "fp16-output-not-float32",
    severity="warning",
    words=("mixed_float16", "mixed_bfloat16"),
    fix="unsafe",
)

_SHORT = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


def check(script: Script) -> Iterator[Finding]:
    for model in script.models:
        policy = script.policy_at(model)
        short = _SHORT.get(policy or "")
        layer = model.final
        if (
            short is None
            or layer is None
            or not gives_policy_dtype(layer)
            or not (model.compiled or _trained(script, model))
        ):
            continue
        call = layer.call
        if call is None:
            continue
        setter = next(one for name, one in script.policies if name == policy)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the model's output is {short} under `{policy}`: the loss is computed from {short} values",
            help='give the last layer `dtype="float32"`',
            related=(("the policy is set here", script.call_place(setter)),),
            fixes=_fixes(script, layer),
            severity="warning" if short == "float16" else "info",
        )


def _trained(script: Script, model: Model) -> bool:
    return any(fit.model is model for fit in script.fits)


def _fixes(script: Script, layer: Layer) -> tuple[Fix, ...]:
    call = layer.call
    assert call is not None
    if call.star or const(layer.config.get("activation")) == "relu":
        return ()
    edit = append_argument(script, call.node, 'dtype="float32"')
    title = 'keep the output in float32 with `dtype="float32"`'
    price = "the output is more exact"
    return (Fix(title, False, (edit,), price),) if edit is not None else ()
