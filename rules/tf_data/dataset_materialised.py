"""KM214: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call, Collected
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import Loop, trips_of
from keras_memlint.analysis.abstract.values import Dataset, Items, Value
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.interpret.elements import element_bytes, has_pixels, parts
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule(
    "KM214",
    "dataset-materialised",
    severity="warning",
    words=("Dataset", "_from_directory", "tfds"),
)

_HELP = (
    "handle each batch as it comes: `fit`, `evaluate` and `predict` take the pipeline itself, and metrics are updated"
    " batch by batch"
)
_COUNT = "count without keeping anything: `sum(1 for _ in {})`"
# A folder with so many images or more is nothing special.
_IMAGES = 200


class _Kept(NamedTuple):
    """``call`` keeps ``number`` times ``element`` of a pipeline; a number of None is not known."""

    call: Call | Collected
    data: Dataset
    element: Value
    number: int | None
    message: str


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for kept in _kept(script):
        one = element_bytes(kept.element)
        size = one * kept.number if one is not None and kept.number is not None else None
        severity = _severity(script, kept, one)
        if severity is None:
            continue
        yield Finding(
            at=_place(script, kept.call),
            site=script.place(kept.call.site),
            message=kept.message,
            bytes=size,
            help=_help(script, kept.call),
            related=script.trail(kept.data.origin),
            severity=severity,
        )


def _kept(script: Script) -> Iterator[_Kept]:
    """Everything that keeps all elements of a pipeline: an array joined of them, else the list they are in."""
    seen: set[int] = set()
    for call in script.calls(*JOINS):
        items = call.first()
        if not isinstance(items, Items):
            continue
        loops = items.grown[-1].loops if items.grown and not items.grown[-1].conditional else ()
        data = _iterated(script, loops) or script.dataset_behind(items)
        if data is None or call.mapped or id(call.node) in seen or any(loop in call.loops for loop in loops):
            continue  # what is joined within the loop is a part
        seen |= {id(call.node), id(items)}
        count = items.length if items.length is not None else trips_of(loops) if loops else None
        what = "batches" if data.batched else "elements"
        message = f"`{script.text(call.node.func)}` joins all {what} of the pipeline into one array"
        yield from _of_pipeline(call, data, any_item(items), count, message)
    for call in script.calls("builtins.list", "builtins.tuple", "builtins.list.append"):
        if call.name.endswith("append"):
            partial = call.conditional or script.is_emptied(call)
            data = None if partial else _iterated(script, call.loops)
            element, count, whose = call.first(), trips_of(call.loops), call.receiver
        else:
            data = script.dataset_behind(call.first())
            element, count, whose = call.result, None, call.result
            if data is not None:
                element, count = data.element, data.cardinality
            elif (given := _generated(call)) is not None:
                data = _iterated(script, [loop for loop in given.grown[-1].loops if loop not in call.loops])
                element, count = given.element, given.length
        if data is None or call.mapped or id(whose) in seen:
            continue
        seen.add(id(whose))
        yield from _of_pipeline(call, data, element, count, _list_of(data))
    for one in script.collected:
        data = _iterated(script, one.loops)
        if data is not None and not one.mapped and id(one.items) not in seen:
            seen.add(id(one.items))
            yield from _of_pipeline(one, data, one.items.element, one.items.length, _list_of(data))


def _generated(call: Call) -> Items | None:
    """What a generator expression without a condition gives to ``list``; None for anything else."""
    given = call.first()
    if not isinstance(given, Items) or given.kind != "generator" or not given.grown:
        return None
    return None if given.grown[-1].conditional else given


def _list_of(data: Dataset) -> str:
    return f"a list keeps every {'batch' if data.batched else 'element'} of the pipeline in memory"


def _place(script: Script, call: Call | Collected) -> Place:
    return script.call_place(call) if isinstance(call, Call) else script.place(call.node)


def _help(script: Script, call: Call | Collected) -> str:
    """How to do without; where ``len`` of the list is all that is asked for, how to count."""
    if isinstance(call, Collected) and any(
        len(count.node.args) == 1 and count.node.args[0].value is call.node
        for count in script.calls("builtins.len")
    ):
        return _COUNT.format(script.text(call.node.generators[0].iter))
    return _HELP


def _iterated(script: Script, loops: Sequence[Loop]) -> Dataset | None:
    """The pipeline that the outermost of ``loops`` iterates to its end; None when there is none."""
    for loop in loops:
        data = script.dataset_behind(loop.iter)
        if data is not None:
            return None if script.breaks(loop) else data
    return None


def _of_pipeline(
    call: Call | Collected, data: Dataset, element: Value, count: int | None, message: str
) -> Iterator[_Kept]:
    """``element``, when it is what the pipeline gives and not what was computed from it."""
    given = {id(part.origin) for part in parts(data.element) if part.origin is not None}
    steps = [step for part in parts(element) if part.origin is not None for step in part.origin.steps()]
    if not data.toy and any(id(step) in given for step in steps):
        yield _Kept(call, data, element, count, message)


def _severity(script: Script, kept: _Kept, one: int | None) -> Severity | None:
    """How sure it is that much is kept; None when it is little, or nothing is known."""
    if one is not None and kept.number is not None:
        return "warning" if script.large(one * kept.number) else None
    if kept.number is not None or not has_pixels(kept.element):
        return None
    if any(step.op in ("take", "shard") for step in kept.data.chain()):
        return None  # nobody knows of how many
    samples = _IMAGES // (kept.data.batch_size or 1) if kept.data.batched else _IMAGES
    return "warning" if one is not None and script.large(one * max(samples, 1)) else "info"
