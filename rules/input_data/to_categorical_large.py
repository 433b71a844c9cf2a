"""KM108: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.training.objectives import loss_of, metrics_of
from keras_memlint.analysis.training.targets import OneHot, Target
from keras_memlint.fixes.sparse_targets import sparse_targets
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule(
    "KM108",
    "to-categorical-large",
    severity="warning",
    words=("fit",),
    fix="unsafe",
)
_LOSS = "categorical_crossentropy"
# Metrics that say the same about integer labels, by themselves or under another name.
_METRICS = ("accuracy", "categorical_accuracy", "top_k_categorical_accuracy", _LOSS)
_COLLECTS = "keras.preprocessing.text.Tokenizer.fit_on_texts"
_MANY, _SOME = 100, 20  # classes
_WIDE = 1_000  # numbers for the labels of one sample


class _Use(NamedTuple):
    target: Target
    labels: OneHot


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for use in _uses(script):
        labels = use.labels
        severity = _severity(script, labels)
        if severity == "warning" and labels.bytes is None and _is_by_turns(use):
            severity = "info"
        if severity is None or id(labels.call.node) in reported:
            continue
        reported.add(id(labels.call.node))
        compiled = use.target.fit.model.compiled if use.target.fit.model is not None else None
        assert compiled is not None
        fix = sparse_targets(script, use.target.fit) if not labels.fills else None
        yield Finding(
            at=script.call_place(labels.call),
            site=script.place(labels.call.site),
            message=_message(labels),
            bytes=labels.bytes if severity == "warning" else None,
            help=f"keep the labels as integers and train with `sparse_{_LOSS}`",
            related=(
                (f"trained on with `{_LOSS}` here", script.call_place(use.target.fit.call)),
                ("compiled here", script.call_place(compiled)),
            ),
            fixes=(fix,) if fix is not None else (),
            severity=severity,
        )


def _uses(script: Script) -> Iterator[_Use]:
    """One-hot training targets of models whose loss and metrics have a form for integer labels."""
    for target in script.targets:
        model = target.fit.model
        if target.held_out or model is None or model.compiled is None or loss_of(model.compiled) != _LOSS:
            continue
        if any(name not in _METRICS for name in metrics_of(model.compiled)):
            continue
        labels = script.one_hot(target)
        if labels is not None and not labels.toy:
            yield _Use(target, labels)


def _severity(script: Script, labels: OneHot) -> Severity | None:
    """A warning where the array is large, or its samples are so wide that a few thousand of them make it large."""
    if labels.bytes is not None:
        return "warning" if script.large(labels.bytes) else None
    if labels.classes is None or labels.width is None:
        if labels.words and not _is_inline(script):
            return "info"
        return "hint" if labels.labels != 1 else None
    if labels.width >= _WIDE:
        return "warning"
    if labels.classes >= _MANY:
        return "info"
    return "hint" if labels.classes >= _SOME else None


def _is_by_turns(use: _Use) -> bool:
    """Whether a loop encodes some labels and trains on them in each turn."""
    return any(loop in use.target.fit.call.loops for loop in use.labels.call.loops)


def _is_inline(script: Script) -> bool:
    """Whether words are collected from text that is written in the script."""
    return any(const(call.first()) is not None for call in script.calls(_COLLECTS))


def _message(labels: OneHot) -> str:
    each = "a number for each class"
    if labels.classes is not None:
        each = f"{labels.classes:,} numbers"
    elif labels.words:
        each = "a number for each word of the vocabulary"
    several = "" if labels.labels == 1 else f", and a sample has {_count(labels.labels)} labels"
    if labels.fills:
        return f"targets filled in by hand hold {each} for each label{several}"
    return f"`{labels.call.name.rpartition('.')[2]}` writes each label as {each}{several}"


def _count(number: int | None) -> str:
    return f"{number:,}" if number is not None else "several"
