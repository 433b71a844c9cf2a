"""Pipelines that a loop of the script's own takes batches from, and the models that work on these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.scopes import FEW_TURNS, Loop
from keras_memlint.analysis.abstract.values import Dataset, Instance
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_SHORT = 100  # elements of a buffer that is soon filled
_TAKES = ("builtins.next", "tf.data.Dataset.get_next")
_STARTS = ("builtins.iter", "tf.data.Dataset.as_numpy_iterator")
_WHOLE = ("keras.Model.fit", "keras.Model.fit_generator", "keras.Model.evaluate")
ON_BATCH = tuple(f"keras.Model.{name}_on_batch" for name in ("train", "test", "predict"))
# Methods of a model that take one batch.
_WORKS = tuple(
    f"keras.Model.{name}"
    for name in ("__call__", "predict", "predict_on_batch", "test_on_batch", "train_on_batch")
)


class Worked(NamedTuple):
    """``call`` gives a model what a loop takes from ``data``, batch by batch."""

    data: Dataset
    call: Call


def taken(script: Script) -> dict[int, tuple[Dataset, ...]]:
    """By the ``id`` of a loop: the pipelines of which each of its turns takes an element with ``next``."""
    found: dict[int, tuple[Dataset, ...]] = {}
    for call in script.calls(*_TAKES):
        if not call.loops or any(conditions(script, call)):
            continue
        data = script.dataset_behind(call.receiver if isinstance(call.receiver, Dataset) else call.first())
        loop = call.loops[-1]
        known = found.get(id(loop), ())
        if data is not None and data not in known and not (loop.trips is not None and loop.trips < FEW_TURNS):
            found[id(loop)] = (*known, data)
    return found


def drawn_from(script: Script, loop: Loop) -> tuple[Dataset, ...] | None:
    """The pipelines ``loop`` goes through or takes an element of in each turn; empty where it takes a few batches only.

    None where it is about no pipeline.
    """
    through = script.datasets_behind(loop.iter)
    if through:
        return () if script.breaks(loop) or any(map(_are_few, through)) else through
    return script.taken.get(id(loop))


def draws_from_own(script: Script, loop: Loop) -> bool:
    """Whether ``loop`` goes through an object of a class of the user's own, or through what a generator of the user's gives."""
    source = script.counted(loop.iter) or loop.iter
    if isinstance(source, Instance):
        return any(source.cls.method(name) is not None for name in ("__iter__", "__getitem__"))
    given = [call.first() for call in script.calls("builtins.next") if call.loops and call.loops[-1] is loop]
    return any(script.is_generated(value) for value in (loop.iter, *given))


def started_over(script: Script) -> Iterator[Worked]:
    """The calls that start a shuffled pipeline in each turn of a loop, for one element, as ``next(iter(data))`` does."""
    drawn = {id(call.node.args[0].value) for call in script.calls("builtins.next") if call.node.args}
    for call in script.calls(*_STARTS):
        loop = call.loops[-1] if call.loops else None
        if id(call.node) not in drawn or call.tried or loop is None or not script.own(call.node):
            continue
        given = call.node.args[0].value if call.node.args else call.node.func
        data = script.dataset_behind(call.result)
        if data is None or not _fills_buffer(data) or any(conditions(script, call)):
            continue
        if (
            (loop.trips or FEW_TURNS) >= FEW_TURNS
            and _stays(script, loop, given)
            and not trains_longer(script, loop)
        ):
            yield Worked(data, call)


def _fills_buffer(data: Dataset) -> bool:
    """Whether it shuffles more than a few elements, and not those of a small built-in data set."""
    sizes = [op.call.const("buffer_size", _SHORT) for op in data.chain() if op.op == "shuffle" and op.call]
    return not data.toy and any(not isinstance(size, int) or size >= _SHORT for size in sizes)


def _stays(script: Script, loop: Loop, node: tree.Expr) -> bool:
    """Whether ``node`` is made of nothing that ``loop`` binds."""
    if isinstance(node, tree.Attribute):
        return _stays(script, loop, node.value)
    if isinstance(node, tree.Call):
        parts = (node.func, *(argument.value for argument in node.args))
        return all(_stays(script, loop, part) for part in parts)
    return not script.rebinds(loop, node)


def trains_longer(script: Script, loop: Loop) -> bool:
    """Whether a turn of ``loop`` does what takes much longer: a ``fit``, or an inner loop that trains."""
    if any(loop in call.loops for call in script.calls(*_WHOLE)):
        return True
    return any(
        loop in call.loops and call.loops[-1] is not loop
        for call in script.all_calls
        if call.name in ON_BATCH or call.name.endswith(".apply_gradients")
    )


def worked_on(script: Script) -> Iterator[Worked]:
    """The pipelines whose batches a loop gives to a model in each turn, without a gradient tape, in order."""
    for call in script.calls(*_WORKS):
        if call.loops and not call.mapped and not any(conditions(script, call)):
            for data in drawn_from(script, call.loops[-1]) or ():
                yield Worked(data, call)


def conditions(script: Script, call: Call) -> Iterator[str]:
    """The conditions under which ``call`` is made, within its loop if it has one, as they are written, innermost first."""
    loop = call.loops[-1].node if call.loops else None
    if loop is not None and not isinstance(loop, (tree.For, tree.While)):
        return
    for one in call.led_by():
        if not script.own(one.node):
            return
        inner: tree.Stmt | None = None
        for outer in script.names.around(one.node):
            if not isinstance(outer, tree.Stmt):
                continue
            if inner is not None:
                yield from (f"not ({script.text(test)})" for test in _guards(outer, inner))
            if outer is loop:
                return
            if isinstance(outer, tree.FunctionDef):
                break
            if isinstance(outer, tree.If):
                yield script.text(outer.test)
            inner = outer


def _guards(outer: tree.Stmt, inner: tree.Stmt) -> Iterator[tree.Expr]:
    """The tests of what stands before ``inner`` in its block and passes it over: ``if step % 100: continue``."""
    for block in tree.blocks(outer):
        at = next((n for n, one in enumerate(block) if one is inner), 0)
        for one in block[:at]:
            if isinstance(one, tree.If) and one.body and not one.orelse:
                last = one.body[-1]
                if isinstance(last, tree.Return) or (isinstance(last, tree.Jump) and last.kind == "continue"):
                    yield one.test


def _are_few(data: Dataset) -> bool:
    """Whether ``take`` leaves a few batches, to look at something; ``take(-1)`` leaves all."""
    count = data.call.const("count") if data.op == "take" and data.call is not None else None
    return isinstance(count, int) and 0 <= count < FEW_TURNS
