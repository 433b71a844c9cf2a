"""KM406: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Use
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.interpret.models import attention_scores
from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._budget import budget
from keras_memlint.rules.base import Finding, Rule

_LAYERS = ("MultiHeadAttention", "Attention", "AdditiveAttention", "GroupQueryAttention")

RULE = Rule("KM406", "attention-quadratic", severity="warning", words=_LAYERS)

# With fewer positions the layers around keep more.
POSITIONS = 512
_WINDOWS = "attend within windows, or pool to fewer positions before"
_KERNEL = "without `dropout` of the scores a fused kernel may run, which keeps none"


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call, model, uses in script.uses_of(*_LAYERS):
        step, number = budget(script, model), script.activation_size(model)
        shape = uses[0].inputs[0] if uses[0].inputs else None
        positions = shape[1] if shape is not None and len(shape) == 3 else None
        if step.batch is None or number is None or positions is None or positions < POSITIONS:
            continue
        kept = [scores for use in uses if not _has_kernel(script, use) and (scores := attention_scores(use))]
        part = sum(kept) * number * step.batch
        severity = step.severity(part)
        if severity is None:
            continue
        name = uses[0].layer.name
        who = f"{len(kept)} layers of `{name}` keep" if len(kept) > 1 else f"`{name}` keeps"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"{who} the scores of all pairs of {positions:,} positions, before and after softmax",
            bytes=part,
            cost=step.cost(part),
            help=(_WINDOWS if script.backend == "tensorflow" else _KERNEL) + step.smaller_batch(),
            severity=severity,
        )


def _has_kernel(script: Script, use: Use) -> bool:
    """Whether a fused kernel may run it, which keeps no scores: on backends that have one, without dropout of scores."""
    dropout = use.layer.config.get("dropout")
    return script.backend != "tensorflow" and (dropout is None or const(dropout) == 0)
