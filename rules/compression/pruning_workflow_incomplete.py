"""KM803: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.values import Object
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.fixes.calls import add_element, append_argument
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._wrappers import is_made_by, made, saved, strip_first

RULE = Rule(
    "KM803", "pruning-workflow-incomplete", severity="warning", words=("prune_low_magnitude",), fix="both"
)

_PRUNE = "tfmot.sparsity.keras.prune_low_magnitude"
_NOTE = "wrapped for pruning here"
_STRIP = "tensorflow_model_optimization.sparsity.keras.strip_pruning"


def check(script: Script) -> Iterator[Finding]:
    yield from _trained_without_step(script)
    yield from _saved_with_wrappers(script)
    for call in script.calls(_PRUNE):
        if isinstance(call.arg("to_prune"), KerasTensor):
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message="`prune_low_magnitude` gets a tensor and takes models and layers: it raises ValueError",
                help="wrap the layer before it is called: `prune_low_magnitude(Dense(8))(x)`",
                severity="error",
            )


def _trained_without_step(script: Script) -> Iterator[Finding]:
    for fit in script.trainings:
        if not is_made_by(fit.model, _PRUNE) or fit.call.star or _has_step(fit):
            continue
        yield Finding(
            at=script.call_place(fit.call),
            site=script.place(fit.call.site),
            message="a pruned model trains without `UpdatePruningStep`: the first step raises InvalidArgumentError",
            help="add `tfmot.sparsity.keras.UpdatePruningStep()` to the callbacks",
            related=made(script, fit.model, _NOTE),
            fixes=_step(script, fit.call),
            severity="error",
        )


def _has_step(fit: Fit) -> bool:
    """Whether the callbacks hold the pruning step, or may."""
    if fit.callbacks is None:
        return True
    return any(not isinstance(one, Object) or one.api.endswith("UpdatePruningStep") for one in fit.callbacks)


def _step(script: Script, call: Call) -> tuple[Fix, ...]:
    text, imports = spell(script, "tensorflow_model_optimization.sparsity.keras.UpdatePruningStep")
    given = call.argument_node("callbacks")
    edit: Edit | None
    if given is None:
        edit = append_argument(script, call.node, f"callbacks=[{text}()]")
    else:
        edit = add_element(script, given.value, f"{text}()")
    return (
        (Fix("add `UpdatePruningStep` to the callbacks", True, (edit, *imports)),) if edit is not None else ()
    )


def _saved_with_wrappers(script: Script) -> Iterator[Finding]:
    failing = [
        fit.model
        for fit in script.trainings
        if is_made_by(fit.model, _PRUNE) and not fit.call.star and not _has_step(fit)
    ]
    for one in saved(script, _PRUNE):
        if any(one.model is model for model in failing):
            continue  # the training before it raises
        parameters = one.model.parameters
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message="a pruned model is saved with its pruning wrappers: masks and thresholds double the weights",
            bytes=parameters * 4 if parameters is not None else None,
            help="save `tfmot.sparsity.keras.strip_pruning(model)`",
            related=made(script, one.model, _NOTE),
            fixes=strip_first(
                script,
                one,
                _STRIP,
                "what is saved cannot be pruned further",
            ),
        )
