"""KM405: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.architecture._budget import budget
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM405", "vocab-softmax-logits", severity="warning", words=("Dense",))

# From here on a layer's units are a vocabulary.
VOCABULARY = 8_000
_SAMPLED = "with sampled softmax (`tf.nn.sampled_softmax_loss`), "


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for call, model, (use, *_) in script.uses_of("Dense", "TimeDistributed"):
        shape = use.output
        if shape is None or len(shape) != 3 or model.output is None or model.output.shape != shape:
            continue
        _, positions, words = shape
        step = budget(script, model)
        number = script.activation_size(model)
        if positions is None or words is None or step.batch is None or number is None:
            continue
        if positions < 2 or words < VOCABULARY:
            continue
        part = positions * words * number * step.batch
        severity = step.severity(part)
        if severity is None:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the output has {words:,} logits at each of {positions:,} positions",
            bytes=part,
            cost=step.cost(part),
            help=f"train {_SAMPLED if script.backend == 'tensorflow' else ''}on shorter sequences, or with a smaller"
            " vocabulary, such as one of word pieces" + step.smaller_batch(),
            severity=severity,
        )
