"""Shapes, layer sizes, and careful readers of layer arguments: what the tables of layers are written with.

None stands for "not known" in every number and shape; nothing here raises on odd arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

Dim: TypeAlias = "int | None"
Shape: TypeAlias = "tuple[int | None, ...] | None"
Config: TypeAlias = Mapping[str, object]


class _Unknown:
    """The type of UNKNOWN."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""Stands for an argument that is given but whose value is not statically known."""


class LayerSpec(NamedTuple):
    """A layer as an argument of another one: bare class name and known arguments."""

    name: str
    config: Config


class LayerSize(NamedTuple):
    """What one layer costs.

    ``output`` includes the batch dimension. ``stored`` counts elements per sample that a training step keeps
    for the backward pass: the output (0 when it is a view of the input) and, for attention and recurrent layers,
    the inner scores, projections and gates. ``more`` are the shapes of further outputs, such as returned states.
    """

    output: Shape
    parameters: Dim
    trainable_parameters: Dim
    stored: Dim
    more: tuple[Shape, ...] = ()


UNSIZED: Final = LayerSize(None, None, None, None)

Infer: TypeAlias = Callable[[Config, Sequence[Shape]], LayerSize]


class LayerRow(NamedTuple):
    """One layer of a table: order of its parameters in Keras 3 and in Keras 2, and its sizes."""

    parameters: tuple[str, ...]
    keras2: tuple[str, ...]
    accepts: frozenset[str]
    size: Infer


def row(parameters: str, size: Infer, keras2: str | None = None) -> LayerRow:
    """A row from parameter names separated by blanks."""
    names = tuple(parameters.split())
    legacy = names if keras2 is None else tuple(keras2.split())
    return LayerRow(names, legacy, frozenset(names + legacy), size)


def sized(
    output: Shape, parameters: Dim, *, frozen: Dim = 0, inner: Dim = 0, more: tuple[Shape, ...] = ()
) -> LayerSize:
    """The size of a layer that keeps its output and ``inner`` elements; ``frozen`` parameters never train."""
    trainable = None if parameters is None or frozen is None else parameters - frozen
    return LayerSize(output, parameters, trainable, plus(elements(output), inner), more)


def view(output: Shape) -> LayerSize:
    """The size of a layer without weights whose output shares the memory of its input."""
    return LayerSize(output, 0, 0, 0)


def elements(shape: Shape) -> Dim:
    """Elements per sample: the product of all dimensions but the first."""
    return None if shape is None else times(*shape[1:])


def times(*dims: Dim) -> Dim:
    """The product; None when a factor is not known."""
    product = 1
    for dim in dims:
        if dim is None:
            return None
        product *= dim
    return product


def plus(*dims: Dim) -> Dim:
    """The sum; None when a term is not known."""
    total = 0
    for dim in dims:
        if dim is None:
            return None
        total += dim
    return total


def conv_length(size: Dim, kernel: Dim, stride: Dim, padding: str | None, dilation: Dim = 1) -> Dim:
    """The length of one axis after a convolution or pooling; None when there is no such length."""
    if size is None or stride is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    if padding is None or kernel is None or dilation is None:
        return None
    length = (size - (kernel - 1) * dilation - 1) // stride + 1
    return length if length > 0 else None


def first(inputs: Sequence[Shape], rank: int) -> Shape:
    """The first input if it can have ``rank`` dimensions, all unknown when it is unknown; else None."""
    if not inputs or inputs[0] is None:
        return (None,) * rank
    return inputs[0] if len(inputs[0]) == rank else None


def any_rank(inputs: Sequence[Shape]) -> Shape:
    """The first input whatever its rank."""
    return inputs[0] if inputs else None


def positive(config: Config, name: str, default: Dim = None) -> Dim:
    """A whole number of at least 1."""
    return _positive(config.get(name, default))


def flag(config: Config, name: str, default: bool) -> bool | None:
    """A truth value; None when it is not known."""
    value = config.get(name, default)
    if value is None or isinstance(value, (bool, int)):
        return bool(value)
    return None


def choice(config: Config, name: str, default: str, allowed: tuple[str, ...]) -> str | None:
    """One of ``allowed`` in lower case; None when it is not known or another word."""
    value = config.get(name, default)
    if isinstance(value, str) and value.lower() in allowed:
        return value.lower()
    return None


def given(config: Config, name: str) -> bool:
    """Whether the argument is there and is not None."""
    return config.get(name) is not None


def dims(config: Config, name: str, count: int, default: Dim = None) -> tuple[Dim, ...]:
    """``count`` positive numbers from one number or a sequence."""
    value = config.get(name)
    if value is None:
        return (default,) * count
    if isinstance(value, (tuple, list)):
        return tuple(map(_positive, value)) if len(value) == count else (None,) * count
    return (_positive(value),) * count


def positions(value: object, rank: int) -> tuple[int, ...] | None:
    """Axes as indices from 0 for an array of ``rank`` dimensions; None when one is not known or outside."""
    found = []
    for axis in value if isinstance(value, (tuple, list)) else (value,):
        if not isinstance(axis, int) or isinstance(axis, bool) or not -rank <= axis < rank:
            return None
        found.append(axis % rank)
    return tuple(found)


def as_shape(value: object) -> Shape:
    """A shape from whatever a script gives: unknown unless a sequence; odd entries are unknown dimensions."""
    if not isinstance(value, (tuple, list)):
        return None
    return tuple(d if isinstance(d, int) and not isinstance(d, bool) and d >= 0 else None for d in value)


def _positive(value: object) -> Dim:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    return None


class Image(NamedTuple):
    """An input taken apart: batch, spatial dimensions, channels; ``channels_first`` None when not known."""

    batch: Dim
    space: tuple[Dim, ...]
    channels: Dim
    channels_first: bool | None

    def shape(self, space: tuple[Dim, ...], channels: Dim) -> Shape:
        """The shape of an output in the same layout."""
        if self.channels_first is None:
            return (self.batch,) + (None,) * (len(space) + 1)
        if self.channels_first:
            return (self.batch, channels, *space)
        return (self.batch, *space, channels)


def image(config: Config, inputs: Sequence[Shape], rank: int) -> Image | None:
    """The first input as an image of ``rank`` spatial dimensions; None when it cannot be one."""
    shape = first(inputs, rank + 2)
    if shape is None:
        return None
    if config.get("data_format") is None:
        layout: str | None = "channels_last"
    else:
        layout = choice(config, "data_format", "channels_last", ("channels_last", "channels_first"))
    if layout is None:
        return Image(shape[0], (None,) * rank, None, None)
    if layout == "channels_first":
        return Image(shape[0], shape[2:], shape[1], True)
    return Image(shape[0], shape[1:-1], shape[-1], False)
