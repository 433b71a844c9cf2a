"""KM207: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Dataset, Scalar
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.calls import append_method
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import autotune
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM207",
    "missing-prefetch",
    severity="info",
    words=("Dataset", "tfds", "_from_directory", "batch"),
    fix="safe",
)

# From here on tf.data puts in a prefetch itself where the last operation is none (API reference, `inject_prefetch`).
_INJECTS = (2, 12)
_WORK = {
    "evaluate": "evaluates",
    "evaluate_generator": "evaluates",
    "predict": "predicts",
    "predict_generator": "predicts",
}

# Who reads batches one by one, and what the model does then.
_BY_BATCH = {
    "predict": ("that a loop reads", "predicts"),
    "predict_on_batch": ("that a loop reads", "predicts"),
    "test_on_batch": ("that an evaluation loop reads", "evaluates"),
    "train_on_batch": ("that a training loop reads", "trains"),
}

# What may follow ``prefetch`` without undoing it.
_HARMLESS = ("take", "with_options")
# What may follow it and leaves next to nothing to be done for a batch.
_QUICK = (*_HARMLESS, "enumerate", "repeat", "skip", "zip")
# What prefetches by itself (Keras 3.15.1, strategies), or whose end is not known.
_SILENT = ("folder", "timeseries", "split_dataset", "parameter", "unknown", "apply", "distribute")
# An option of tf.data by which a script decides about prefetching itself.
_OPTION = frozenset(["inject_prefetch"])


def check(script: Script) -> Iterator[Finding]:
    if any(not (call.conditional and script.own(call.node)) for call in script.calls("tf.distribute.")):
        return  # in a branch of the script there is another without it
    if script.words_among(_OPTION):
        return
    old = script.tensorflow_before(*_INJECTS)
    effect = "is not prepared" if old else "is prepared only by a default of tf.data (2.12 and later)"
    found = [(read, end, end.call) for read in _read(script) if (end := _end(read.data)).call is not None]
    found = [one for one in found if one[1].op not in _SILENT and not _prefetches(one[1]) and _works(one[1])]
    ends = {id(call.node) for _, _, call in found if call is not None and script.own(call.node)}
    for read, end, call in found:
        if call is None or _continues(end, ends):
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the pipeline {read.by} ends without `prefetch`: the next batch {effect} while the model {read.work}",
            help="append `.prefetch(tf.data.AUTOTUNE)`; the elements and their order stay the same",
            related=((read.label, read.where),),
            fixes=_fixes(script, call),
        )


class _Read(NamedTuple):
    """A pipeline that a model gets batches from: by whom, what the model does then, and ``where``, with its label."""

    data: Dataset
    by: str
    work: str
    label: str
    where: Place


def _read(script: Script) -> Iterator[_Read]:
    for fit in script.fits:
        for given in (fit.x, fit.call.arg("validation_data")):
            if isinstance(given, Dataset):
                work = "evaluates" if given is not fit.x else _WORK.get(fit.method, "trains")
                by = f"given to `{fit.method}`"
                for data in (given, *given.also):
                    yield _Read(data, by, work, f"{by} here", script.call_place(fit.call))
    for tape in script.tapes:
        for data in tape.reads(script):
            place = script.call_place(tape.call)
            yield _Read(data, "that a training loop reads", "trains", "trained here", place)
    for data, call in script.worked_on:
        by, work = _BY_BATCH.get(call.name.rpartition(".")[2], ("that a loop reads", "works"))
        yield _Read(data, by, work, "the model is called here", script.call_place(call))


def _end(data: Dataset) -> Dataset:
    """The last operation that does something."""
    while data.op in _HARMLESS and data.input is not None:
        data = data.input
    return data


def _continues(end: Dataset, ends: Collection[int]) -> bool:
    """Whether it does little after another of ``ends``, which are told: it prefetches once that does."""
    at = end
    while at.op in _QUICK and at.input is not None:
        at = at.input
        if at.call is not None and id(at.call.node) in ends:
            return True
    return False


def _prefetches(end: Dataset) -> bool:
    """Whether a batch is waiting behind ``prefetch``, which little is done after."""
    at: Dataset | None = end
    while at is not None and at.op in _QUICK:
        at = at.input
    return at is not None and at.op == "prefetch"


def _works(end: Dataset) -> bool:
    """Whether making an element takes more than handing on what is in memory, and there are several."""
    size = end.batch_call.arg("batch_size") if end.batch_call is not None else None
    if isinstance(size, Scalar) and size.counts:
        return False  # one batch of all: `batch(len(x))`
    return any(one.traits or one.batched or one.op == "from_generator" for one in end.chain())


def _fixes(script: Script, end: Call) -> tuple[Fix, ...]:
    if not script.own(end.node):
        return ()
    spelt = autotune(script, end.node)
    if spelt is None:
        return ()
    name, imports = spelt
    edit = append_method(script, end.node, f"prefetch({name})")
    return (Fix("prefetch the next batch", True, (edit, *imports)),) if edit is not None else ()
