"""KM502: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training import distribution
from keras_memlint.rules.base import Finding, Rule

_BATCH = 1024  # samples of a large batch

RULE = Rule(
    "KM502", "batch-size-global-vs-replica", severity="warning", words=("num_replicas_in_sync", "distribute")
)


def check(script: Script) -> Iterator[Finding]:
    yield from _multiplied_twice(script)
    yield from _whole_batch_for_each(script)
    yield from _on_one_device(script)
    yield from _made_outside(script)


def _multiplied_twice(script: Script) -> Iterator[Finding]:
    for call in script.all_calls:
        if distribution.multiplied(call) > 1:
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message="the batch was multiplied by the number of replicas twice: each replica gets what is meant for"
                " all of them",
                help="multiply once: `fit` and `experimental_distribute_dataset` split a batch among the replicas",
            )


def _whole_batch_for_each(script: Script) -> Iterator[Finding]:
    for call, distributes in distribution.for_one_replica(script):
        if distribution.multiplied(call) == 1:
            method = distributes.name.rpartition(".")[2]
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=f"each replica gets the batch of all replicas: what `{method}` is given is not split",
                help="make batches of `context.get_per_replica_batch_size(batch_size)`, where `context` is the"
                " function's argument",
                related=(("distributed here", script.call_place(distributes)),),
            )


def _on_one_device(script: Script) -> Iterator[Finding]:
    """Batches for all replicas, and a model that has one."""
    if not distribution.makes_strategy(script) or script.uses("tf.distribute.experimental_set_strategy"):
        return
    for fit in script.trainings:
        model, batches = fit.model, fit.batch_call
        if model is None or batches is None or model.compiled is None or not script.own(fit.call.node):
            continue
        if distribution.multiplied(batches) < 1 or distribution.made_outside(model) is not model.call:
            continue
        if distribution.surely_outside(fit.call) and distribution.surely_outside(model.compiled):
            yield Finding(
                at=script.call_place(fit.call),
                message="one device gets the batch of all replicas: the model is made outside of `strategy.scope()`",
                help="make and compile the model under `with strategy.scope():`",
                related=(("multiplied by the number of replicas here", script.call_place(batches)),),
                severity="warning" if _is_large(script, model) else "info",
            )


def _is_large(script: Script, model: Model) -> bool:
    """Whether a step of ``model`` is known to take much with a large batch."""
    step = script.training_bytes(model)
    return step is not None and script.large(step[1] * _BATCH)


def _made_outside(script: Script) -> Iterator[Finding]:
    for model in script.models:
        compiled = model.compiled
        scope = distribution.scope_of(compiled) if compiled is not None else None
        made = distribution.made_outside(model) if scope is not None else None
        if compiled is None or scope is None or made is None:
            continue
        strategy = distribution.mirrored(scope)
        if strategy is not None and not strategy.conditional:
            yield Finding(
                at=script.call_place(compiled),
                site=script.place(compiled.site),
                message="the model is compiled for a strategy, but made outside of its scope:"
                " `compile` or `fit` raises",
                help="make the model under `with strategy.scope():` too",
                related=(("made here", script.call_place(made)),),
                severity="error",
            )
