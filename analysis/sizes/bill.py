"""Where a script's bytes go, as far as its text tells: arrays, copies, buffers and caches; each training on the GPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import Array, Shape
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.pipelines.buffers import cached_bytes, in_memory, shuffle_buffer
from keras_memlint.analysis.sizes.made_arrays import ON_DISK, arrays_in, exact_bytes, made_arrays
from keras_memlint.analysis.sizes.measurement import OnGpu
from keras_memlint.analysis.sizes.settings import MIB
from keras_memlint.analysis.sizes.static_estimate import trained_batch
from keras_memlint.analysis.sizes.training_step import step_parts
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Place

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.networks import Model
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

SMALLEST = MIB
"""Bytes below which a part is not worth a line."""
_TIMES = {1: "twice"}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that takes memory, and where it is made; ``bytes`` None when unknown, then ``what`` says why."""

    what: str
    bytes: int | None
    at: Place


@dataclass(frozen=True, slots=True)
class TrainingBill:
    """One training: its parts on the GPU, largest first, and all of it, None when the parts are not known.

    ``batch`` None when unknown. ``total`` is for the target GPU with its context, where there is a target; where there is
    none, a GPU's context takes about ``besides``, which is in neither.
    """

    at: Place
    method: str
    batch: int | None
    parts: tuple[Part, ...]
    total: OnGpu | None
    besides: int | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """A script's memory: on the host, largest first and unknown parts last; on the GPU by training.

    Parts on the host need not be there at the same time: their sum is no peak.
    """

    host: tuple[Part, ...]
    trainings: tuple[TrainingBill, ...]


def bill_of(script: Script) -> Bill:
    """The bill of ``script``; a training that is reached several times with the same numbers stands there once."""
    host = [*_arrays(script), *_copies(script), *_buffers(script)]
    host.sort(key=lambda part: (part.bytes is None, -(part.bytes or 0)))
    trainings: dict[object, TrainingBill] = {}
    for fit in script.trainings:
        made = _training(script, fit)
        trainings.setdefault((id(fit.call.node), made.batch, made.parts), made)
    for tape in script.tapes:
        if tape.reads(script):
            at = script.call_place(tape.call)
            parts = (Part("a training loop of the script's own is not counted", None, at),)
            trainings[id(tape.call.node)] = TrainingBill(at, "GradientTape", None, parts, None)
    return Bill(tuple(host), tuple(trainings.values()))


def _arrays(script: Script) -> Iterator[Part]:
    """Arrays that an expression makes in memory; of one that runs several times, the largest."""
    largest: dict[int, tuple[int, tree.Expr, list[Array]]] = {}
    for node, value in made_arrays(script):
        arrays = [array for array in arrays_in(value) if array.kind not in ON_DISK]
        total = sum(exact_bytes(array) or 0 for array in arrays)
        if total >= SMALLEST and total > largest.get(id(node), (0,))[0]:
            largest[id(node)] = total, node, arrays
    for total, node, arrays in largest.values():
        kinds = {f"{array.dtype} {shape(array.shape)}" for array in arrays if exact_bytes(array)}
        what = f"{kinds.pop()}, " if len(kinds) == 1 else ""
        yield Part(f"{what}made by {_quoted(script, node)}", total, script.place(node))


def _copies(script: Script) -> Iterator[Part]:
    """What ``fit`` and datasets copy of arrays, and arrays of unknown size that they are given."""
    for feed, *again in _once(script.feeds):
        array, at = feed.array, script.call_place(feed.call)
        size = exact_bytes(array)
        if size is None:
            made = script.maker(array)
            source = f" from {_quoted(script, made.node)}" if made is not None else ""
            role = "what the dataset is made of" if feed.fit is None else f"`{feed.role}` of `{feed.method}`"
            yield Part(f"{role}{source}, whose size the text does not tell", None, at)
        elif array.kind != "tensor" and (copies := script.copied_bytes(feed, *again) or 0) >= SMALLEST:
            what = f"copies that `{feed.method}` makes of {array.dtype} {shape(array.shape)}"
            times = (
                f", which it is given {_TIMES.get(len(again), f'{len(again) + 1} times')}" if again else ""
            )
            yield Part(what + times, copies, at)


def _once(feeds: list[Feed]) -> Iterator[list[Feed]]:
    """What each call is given, once however often the call is reached: an array, and the same array as a further argument.

    Single labels of unknown number are left out.
    """
    found: dict[object, list[Feed]] = {}
    for feed in feeds:
        array = feed.array
        single = array.labels or (feed.role == "y" and len(array.shape or ()) == 1)
        if not (single and exact_bytes(array) is None):
            same = id(array.origin or array), array.dtype, array.shape
            given = found.setdefault((id(feed.call.node), same), [])
            if not given or given[0].call is feed.call:
                given.append(feed)
    yield from found.values()


def _buffers(script: Script) -> Iterator[Part]:
    """Shuffle buffers and caches in memory."""
    for call, data in script.dataset_ops("shuffle"):
        buffer = shuffle_buffer(call, data.input) if data.input is not None else None
        if buffer is None:
            yield Part("a shuffle buffer of unknown length", None, script.call_place(call))
        elif buffer.bytes is not None:
            if buffer.bytes >= SMALLEST:
                what = f"a shuffle buffer of {buffer.elements:,} elements"
                yield Part(what, buffer.bytes, script.call_place(call))
        elif buffer.least is not None and buffer.least >= SMALLEST:
            what = f"a shuffle buffer of {buffer.elements:,} elements, at least: a part of each is of unknown size"
            yield Part(what, buffer.least, script.call_place(call))
        else:
            yield Part("a shuffle buffer of elements of unknown size", None, script.call_place(call))
    for call, data in script.dataset_ops("cache"):
        if data.input is not None and in_memory(data):
            size, least = cached_bytes(data.input)
            if size is None and least is not None and least >= SMALLEST:
                what = f"a cache of {data.input.cardinality:,} elements, at least: a part of each is of unknown size"
                yield Part(what, least, script.call_place(call))
            elif size is None:
                yield Part("a cache of elements of unknown size or number", None, script.call_place(call))
            elif size >= SMALLEST:
                yield Part(f"a cache of {data.input.cardinality:,} elements", size, script.call_place(call))


def _training(script: Script, fit: Fit) -> TrainingBill:
    at = script.call_place(fit.call)
    target = script.settings.target
    batch = trained_batch(fit)
    static = script.static_estimate(fit)
    if static is None or fit.model is None or (sizes := step_parts(script, fit.model)) is None:
        return TrainingBill(at, fit.method, batch, (_missing(script, fit, batch),), None)
    made = fit.model.call.node if fit.model.call is not None else fit.call.node
    compiled = fit.model.compiled.node if fit.model.compiled is not None else fit.call.node
    parts = [
        Part(f"activations of {static.batch:,} samples", static.sample * static.batch, at),
        Part(f"{fit.model.parameters:,} weights", sizes.weights, script.place(made)),
        Part("their gradients", sizes.gradients, at),
        Part("the optimizer's values", sizes.slots, script.place(compiled)),
    ]
    besides = None
    if target.gpu_memory is not None:
        parts.append(Part("the context of the GPU", static.context[1], at))
    elif not script.cpu_only:
        besides = static.context[1]
    parts.sort(key=lambda part: -(part.bytes or 0))
    total = static.on(target.gpu, target.gpu_memory)
    told = tuple(part for part in parts if part.bytes)
    return TrainingBill(at, fit.method, static.batch, told, total, besides)


def _missing(script: Script, fit: Fit, batch: int | None) -> Part:
    """What has to be known of a training and is not."""
    model, at = fit.model, script.call_place(fit.call)
    if model is None:
        why = "the model is not known"
    elif model.compiled is None:
        why = "how the model is compiled is not known"
    elif model.parameters is None or model.activations is None:
        return _unsized(script, model, at)
    elif batch is None:
        why = "the batch is not known"
    elif script.optimizer_slots(model) is None:
        why = "what the optimizer keeps is not known"
    else:
        why = "the precision is not known"
    return Part(why, None, at)


def _unsized(script: Script, model: Model, trained: Place) -> Part:
    """The first layer of ``model`` whose size is not known, where it is made; ``trained`` where nobody knows which it is."""
    for use in model.flat():
        if use.parameters is None or use.stored is None:
            call = use.layer.call
            named = f"`{use.layer.name}`" if call is None else _quoted(script, call.node)
            at = trained if call is None else script.call_place(call)
            return Part(f"the size of the layer {named} is not known", None, at)
    if model.kind == "loaded":
        return Part("the layers of a loaded model are not known", None, trained)
    return Part("the size of a layer is not known", None, trained)


def shape(found: Shape | None) -> str:
    """``20,000 × 28 × 28``; ``of unknown shape`` without one."""
    if found is None:
        return "of unknown shape"
    return " × ".join("?" if size is None else f"{size:,}" for size in found) or "scalar"


_LONGEST = 40


def _quoted(script: Script, node: tree.Expr) -> str:
    text = " ".join(script.text(node).split()).replace("`", "'")
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}`"
