"""Sizes worth writing beside the code: arrays where they are made, layers of models; plain data, as editors show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Shape, Value
from keras_memlint.analysis.sizes.made_arrays import ON_DISK, arrays_in, exact_bytes, made_arrays
from keras_memlint.analysis.sizes.settings import MIB
from keras_memlint.analysis.sizes.static_estimate import trained_batch
from keras_memlint.analysis.sizes.training_step import activation_size
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Location

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

SMALLEST = MIB
"""Bytes below which an array is not worth a hint."""

# Brackets and commas behind a call, and a comment: what is shown stands behind these and before the comment.
_CLOSING = ")]},"


@dataclass(frozen=True, slots=True)
class ArrayHint:
    """Arrays that an expression makes: their bytes, all together. ``dtype`` is empty where they differ.

    ``on_disk``: they are mapped or read piece by piece.
    """

    bytes: int
    dtype: str
    shapes: tuple[Shape, ...]
    on_disk: bool = False


@dataclass(frozen=True, slots=True)
class LayerHint:
    """A layer in a model. Its ``output`` shape has the batch first; None means unknown, here and below.

    ``slots``: values the optimizer keeps for each weight. ``sample``: bytes that a training step keeps of its output
    for one sample, each number of ``number`` bytes; ``batch``: samples of a training step.
    """

    name: str
    output: Shape | None
    parameters: int | None
    frozen: bool
    slots: int | None
    sample: int | None
    number: int | None
    batch: int | None


@dataclass(frozen=True, slots=True)
class SizeHints:
    """All of a script, each with the place behind which it is shown."""

    arrays: tuple[tuple[Location, ArrayHint], ...] = ()
    layers: tuple[tuple[Location, LayerHint], ...] = ()


class Sizes:
    """The hints of a script, made when somebody first asks: in the worker thread, as all analysis. Drops the script then."""

    def __init__(self, script: Script | None = None) -> None:
        self._script = script
        self._found = SizeHints()

    def __call__(self) -> SizeHints:
        # Dropped first: what fails once would fail again.
        script, self._script = self._script, None
        if script is not None:
            self._found = size_hints(script)
        return self._found


_Hint = ArrayHint | LayerHint


def size_hints(script: Script) -> SizeHints:
    """The hints of a script, in its own text; where code runs more than once only what holds each time."""
    found: dict[int, tuple[tree.Expr, list[_Hint | None]]] = {}

    def note(node: tree.Expr, hint: _Hint | None) -> None:
        if script.own(node):
            found.setdefault(id(node), (node, []))[1].append(hint)

    for node, value in made_arrays(script):
        note(node, _array_hint(value))
    for model in script.models:
        for node, layer in _layer_hints(script, model):
            note(node, layer)
    for model in script.models:
        if model.kind == "application" and model.call is not None and id(model.call.node) not in found:
            note(model.call.node, _application_hint(script, model))
    agreed = [(node, same) for node, hints in found.values() if (same := _agreed(hints)) is not None]
    placed = list(_placed(script, agreed))
    return SizeHints(
        tuple((at, one) for at, one in placed if isinstance(one, ArrayHint)),
        tuple((at, one) for at, one in placed if isinstance(one, LayerHint)),
    )


def _agreed(hints: list[_Hint | None]) -> _Hint | None:
    first = hints[0]
    if all(hint == first for hint in hints):
        return first
    layers = [replace(hint, batch=None, slots=None) for hint in hints if isinstance(hint, LayerHint)]
    if len(layers) == len(hints) and all(layer == layers[0] for layer in layers):
        return layers[0]  # the layer is part of several models
    return None


# Arrays


def _array_hint(value: Value) -> ArrayHint | None:
    """None where the size of a part is not known, and where all are small."""
    arrays = list(arrays_in(value))
    sizes = [exact_bytes(array) for array in arrays]
    total = sum(size or 0 for size in sizes)
    if None in sizes or total < SMALLEST:
        return None
    # What is small beside the rest, as labels are beside images, does not name the kind of numbers.
    dtypes = {array.dtype for array, size in zip(arrays, sizes, strict=True) if (size or 0) * 20 > total}
    on_disk = all(array is not None and array.kind in ON_DISK for array in arrays)
    shapes = tuple(array.shape for array in arrays if array.shape is not None)
    return ArrayHint(total, dtypes.pop() or "" if len(dtypes) == 1 else "", shapes, on_disk)


# Layers


def _layer_hints(script: Script, model: Model) -> Iterator[tuple[tree.Expr, LayerHint]]:
    """The layers of a model that have a place."""
    number, slots, batch = (
        activation_size(script, model),
        script.optimizer_slots(model),
        _batch(script, model),
    )
    for use, stored in model.stored():
        if use.node is not None:
            inner = use.layer.model
            name = inner.api.rpartition(".")[2] if inner is not None and inner.api else use.layer.name
            sample = stored * number if stored is not None and number is not None else None
            frozen = use.layer.frozen or model.frozen
            yield (
                use.node,
                LayerHint(name, use.output, use.parameters, frozen, slots, sample, number, batch),
            )


def _application_hint(script: Script, model: Model) -> LayerHint:
    """A model of ``keras.applications`` that is not part of another."""
    number, stored = activation_size(script, model), model.activations
    return LayerHint(
        model.api.rpartition(".")[2],
        model.output.shape if model.output is not None else None,
        model.parameters,
        model.frozen,
        script.optimizer_slots(model),
        stored * number if stored is not None and number is not None else None,
        number,
        _batch(script, model),
    )


def _batch(script: Script, model: Model) -> int | None:
    """The batch that all trainings of ``model`` have."""
    batches = {trained_batch(fit) for fit in script.trainings if fit.model is model}
    return batches.pop() if len(batches) == 1 else None


# Places


def _placed(script: Script, hints: Iterable[tuple[tree.Expr, _Hint]]) -> Iterator[tuple[Location, _Hint]]:
    """The hints at the ends of their calls; at the end of the code in a row that has only one."""
    source = script.source
    ends = [
        (script.call_end(node) if isinstance(node, tree.Call) else script.place(node).end, hint)
        for node, hint in hints
    ]
    ends.sort(key=lambda one: one[0])
    rows: dict[int, list[tuple[int, _Hint]]] = {}
    for end, hint in ends:
        row = rows.setdefault(source.row(end), [])
        # What the end of a row says need not be said inside it: `x.astype("float32") / 255`.
        if row and isinstance(hint, ArrayHint) and row[-1][1] == hint:
            row.pop()
        row.append((end, hint))
    for number, row in rows.items():
        if len(row) == 1:
            end, hint = row[0]
            rest = source.text[end : source.line_span(number)[1]]
            closed = len(rest) - len(rest.lstrip(_CLOSING))
            if rest[closed:].lstrip()[:1] in ("", "#"):
                row = [(end + closed, hint)]
        for end, hint in row:
            yield source.location(end), hint
