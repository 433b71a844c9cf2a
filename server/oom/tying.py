"""Ties a failure to a script: the layer, the batch, the array or the data set that the tensor belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Literal

from keras_memlint.analysis.abstract.networks import Use
from keras_memlint.analysis.abstract.values import Array, Dataset, Shape, const
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.sizes.made_arrays import arrays_in, made_arrays
from keras_memlint.analysis.text.source import Place
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.server.oom.failure import Failure
from keras_memlint.server.oom.nodes import has_class, has_name, is_inside
from keras_memlint.server.oom.numbered import numbered

Tensor = tuple[int, ...]
Kind = Literal["layer", "weights", "input", "array", "dataset", "batch"]


@dataclass(frozen=True, slots=True)
class Tie:
    """One place the failure has to do with, and how. Several of one ``kind`` match equally well."""

    kind: Kind
    what: str
    at: Place


def ties(script: Script, failure: Failure) -> list[Tie]:
    """All places; of several that match equally well all, and none where nothing matches."""
    shape = tensor_of(failure)
    if shape is None:
        return list(dict.fromkeys(_layers(script, failure, None)))
    whole, batches = list(_arrays(script, shape, failure.dtype)), list(_batches(script, shape))
    if failure.kind == "array":
        return list(
            dict.fromkeys(
                _of_host(script, shape, failure.dtype, [*whole, *_datasets(script, shape)], batches)
            )
        )
    found = list(_layers(script, failure, shape)) if batches or not whole else []
    if not found and (batches or not whole):
        found += _inputs(script, shape)
    if any(tie.kind == "weights" for tie in found):
        batches = []  # the number in front is none
    return list(dict.fromkeys([*found, *whole, *_datasets(script, shape), *batches]))


def _of_host(
    script: Script, shape: Tensor, dtype: str | None, exact: list[Tie], batches: list[Tie]
) -> list[Tie]:
    """What an array of NumPy may be, which no layer makes or is given."""
    return exact or list(_alike(script, shape, dtype)) or batches


def tensor_of(failure: Failure) -> Tensor | None:
    """The shape that the log names: of what was asked for, else of the program's largest buffer."""
    if failure.shape is not None or failure.buffer is None:
        return failure.shape
    return failure.buffer.shape


def has_batch(fit: Fit, shape: Tensor | None) -> bool:
    """Whether a tensor of ``shape`` is one of the training's: its batch in front, behind it what a layer takes or gives."""
    if not shape or fit.model is None or fit.batch_size != shape[0]:
        return False
    inner = [fit.model.input, *(one for use in fit.model.flat() for one in (use.output, *use.inputs))]
    return any(_is_batch_of(one, shape) for one in inner)


def _layers(script: Script, failure: Failure, shape: Tensor | None) -> Iterator[Tie]:
    node = failure.node or (failure.buffer.operator if failure.buffer is not None else None) or ""
    uses = [use for _, found in script.layers.values() for use in found]
    named = [use for use in uses if has_name(use, node)]
    classed = [use for use in uses if has_class(use, node)]
    inside = [use for use in uses if is_inside(use, node)]
    told = numbered(script, classed, node) if not named and len(classed) > 1 else []
    if not any(shape is None or _how(use, shape) for use in told):
        told = []  # the numbers are others than they seem
    pool = named or inside or told or classed
    matching = [(use, how) for use in pool or uses if shape and (how := _how(use, shape))]
    if matching:
        best = min(_ORDER.index(how) for _, how in matching)
        found = [(use, f"{_what(use)} {how} this tensor") for use, how in matching if how == _ORDER[best]]
    elif named or inside or len(told) == 1:
        found = [
            (use, f"{_what(use)} has the name that the message names") for use in named or inside or told
        ]
    elif len({id(use.layer) for use in classed}) == 1:
        found = [(classed[0], f"{_what(classed[0])} is the only layer of the class that the message names")]
    else:
        return
    for use, what in found:
        if use.layer.call is not None:
            kind: Kind = "weights" if _WEIGHTS in what else "layer"
            yield Tie(kind, what, script.call_place(use.layer.call))


_WEIGHTS = "has weights like"
_ORDER = ("gives", "makes scores like", _WEIGHTS, "is given")


def _how(use: Use, shape: Tensor) -> str | None:
    """What the layer has to do with a tensor; None when nothing, or when its own shapes are not known."""
    if _is_batch_of(use.output, shape):
        return "gives"
    if _are_scores_of(use, shape):
        return "makes scores like"
    if _is_weight_of(use, shape):
        return _WEIGHTS
    return "is given" if any(_is_batch_of(one, shape) for one in use.inputs) else None


def _is_batch_of(sample: Shape | None, shape: Tensor) -> bool:
    """Whether ``shape`` is a batch of what ``sample`` describes, which has its batch axis in front.

    GPUs may be given images with the channels before the pixels.
    """
    if sample is None or len(sample) != len(shape) or len(shape) < 2 or None in sample[1:]:
        return False
    return shape[1:] in (sample[1:], (sample[-1], *sample[1:-1]))


def _are_scores_of(use: Use, shape: Tensor) -> bool:
    """Whether ``shape`` has a number for each pair of a query and a key, in each head of an attention layer."""
    if use.layer.name.rpartition(".")[2] != "MultiHeadAttention" or len(shape) != 4:
        return False
    lengths = [one[1] for one in use.inputs if one is not None and len(one) == 3]
    heads = const(use.layer.config.get("num_heads"))
    return bool(lengths) and shape[1:] == (heads, lengths[0], lengths[min(1, len(lengths) - 1)])


def _is_weight_of(use: Use, shape: Tensor) -> bool:
    """Whether a kernel of ``shape``, alone or with a bias, is all that the layer has.

    GPUs may be given a convolution's kernel with the channels it gives in front.
    """
    if use.parameters is None or len(shape) < 2 or use.output is None or use.output[-1] is None:
        return False
    given = use.output[-1]
    channels = (shape[-1], shape[0]) if len(shape) > 2 else (shape[-1],)
    return given in channels and use.parameters - prod(shape) in (0, given)


def _what(use: Use) -> str:
    """The class of the layer; of a model among the layers what made it."""
    made = use.layer.call if use.layer.model is not None else None
    return f"`{(use.layer.name if made is None else made.name).rpartition('.')[2]}`"


def _inputs(script: Script, shape: Tensor) -> Iterator[Tie]:
    for model in script.models:
        if model.call is not None and _is_batch_of(model.input, shape):
            yield Tie("input", "a batch of this model's input has this shape", script.call_place(model.call))


def _arrays(script: Script, shape: Tensor, dtype: str | None) -> Iterator[Tie]:
    for node, value in made_arrays(script):
        if any(_is_array(array, shape, dtype) for array in arrays_in(value)):
            same = "shape and dtype" if dtype else "shape"
            yield Tie("array", f"an array of this {same} is made here", script.place(node))
    for feed in script.feeds:
        if feed.array.shape == shape:
            what = f"an array of this shape is given whole to `{feed.method}`"
            yield Tie("array", what, script.call_place(feed.call))


def _alike(script: Script, shape: Tensor, dtype: str | None) -> Iterator[Tie]:
    """Arrays of samples of this shape, of which the text does not tell how many there are, as of a list of files read."""
    for node, value in made_arrays(script):
        for array in arrays_in(value):
            known = array.shape or ()
            if (
                len(known) > 1
                and known[0] is None
                and known[1:] == shape[1:]
                and (dtype is None or array.dtype in (dtype, None))
            ):
                same = "shape and dtype" if dtype and array.dtype else "shape"
                yield Tie("array", f"an array of samples of this {same} is made here", script.place(node))


def _is_array(array: Array, shape: Tensor, dtype: str | None) -> bool:
    return array.shape == shape and (dtype is None or array.dtype == dtype)


def _datasets(script: Script, shape: Tensor) -> Iterator[Tie]:
    for fit in script.fits:
        if isinstance(fit.x, Dataset) and any(one.shape == shape for one in arrays(fit.x.element)):
            call = fit.x.batch_call or fit.call
            yield Tie("dataset", "an element of the data set has this shape", script.call_place(call))


def _batches(script: Script, shape: Tensor) -> Iterator[Tie]:
    for fit in script.trainings:
        batch, call = fit.batch_size, fit.batch_call
        if batch != shape[0] or call is None or len(shape) < 2:
            continue
        given = call.argument_node("batch_size")
        if given is None:
            what = f"no batch size is given here, so it is {batch:,}"
            yield Tie("batch", what, script.call_place(call))
        else:
            yield Tie("batch", f"the batch of {batch:,} is set here", script.place(given))
    for call, data in script.dataset_ops("batch", "padded_batch"):
        if data.batch_size == shape[0] and len(shape) > 1:
            given = call.argument_node("batch_size")
            at = script.call_place(call) if given is None else script.place(given)
            yield Tie("batch", f"the batch of {shape[0]:,} is set here", at)
