"""Sizes of Keras's convolutions: plain, transposed, separable, depthwise, locally connected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from keras_memlint.analysis.facts.sizing import (
    UNSIZED,
    Config,
    Dim,
    LayerRow,
    LayerSize,
    Shape,
    choice,
    conv_length,
    dims,
    flag,
    image,
    plus,
    positive,
    row,
    sized,
    times,
)


def conv_space(config: Config, space: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The spatial dimensions after the convolution that ``config`` describes."""
    rank = len(space)
    padding = choice(config, "padding", "valid", ("valid", "same", "causal"))
    kernel = dims(config, "kernel_size", rank)
    strides = dims(config, "strides", rank, 1)
    dilation = dims(config, "dilation_rate", rank, 1)
    return tuple(
        conv_length(size, k, s, padding, d)
        for size, k, s, d in zip(space, kernel, strides, dilation, strict=True)
    )


def kernel_elements(config: Config, rank: int) -> Dim:
    """Elements of the kernel for one pair of channels."""
    return times(*dims(config, "kernel_size", rank))


def bias_elements(config: Config, channels: Dim) -> Dim:
    """Elements of the bias of ``channels`` output channels."""
    use = flag(config, "use_bias", True)
    return None if use is None else channels if use else 0


def _conv(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    filters, groups = positive(config, "filters"), positive(config, "groups", 1)
    taken: Dim = None
    if x.channels is not None and filters is not None and groups is not None:
        taken = None if x.channels % groups or filters % groups else x.channels // groups
    kernel = times(kernel_elements(config, rank), taken, filters)
    return sized(x.shape(conv_space(config, x.space), filters), plus(kernel, bias_elements(config, filters)))


def _conv_transpose(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    filters = positive(config, "filters")
    kernel = times(kernel_elements(config, rank), x.channels, filters)
    return sized(x.shape(_transposed(config, x.space), filters), plus(kernel, bias_elements(config, filters)))


def _transposed(config: Config, space: tuple[Dim, ...]) -> tuple[Dim, ...]:
    rank = len(space)
    padding = choice(config, "padding", "valid", ("valid", "same"))
    kernel = dims(config, "kernel_size", rank)
    return tuple(
        _transposed_length(size, k, s, d, padding, extra)
        for size, k, s, d, extra in zip(
            space,
            kernel,
            dims(config, "strides", rank, 1),
            dims(config, "dilation_rate", rank, 1),
            _output_padding(config, rank),
            strict=True,
        )
    )


def _transposed_length(
    size: Dim, kernel: Dim, stride: Dim, dilation: Dim, padding: str | None, extra: Dim
) -> Dim:
    """``extra`` is the output padding, -1 when the layer chooses it, None when not known."""
    if size is None or stride is None or padding is None or extra is None:
        return None
    if padding == "same" and extra < 0:
        return size * stride
    if kernel is None or dilation is None:
        return None
    span = (kernel - 1) * dilation + 1
    if padding == "same":
        return (size - 1) * stride + span % 2 + extra
    return (size - 1) * stride + (max(span, stride) if extra < 0 else span + extra)


def _output_padding(config: Config, rank: int) -> tuple[Dim, ...]:
    value = config.get("output_padding")
    if value is None:
        return (-1,) * rank
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    if len(values) != rank:
        return (None,) * rank
    return tuple(v if isinstance(v, int) and not isinstance(v, bool) and v >= 0 else None for v in values)


def _depthwise(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    channels = times(x.channels, positive(config, "depth_multiplier", 1))
    kernel = times(kernel_elements(config, rank), channels)
    return sized(
        x.shape(conv_space(config, x.space), channels), plus(kernel, bias_elements(config, channels))
    )


def _separable(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    filters = positive(config, "filters")
    middle = times(x.channels, positive(config, "depth_multiplier", 1))
    space = conv_space(config, x.space)
    parameters = plus(
        times(kernel_elements(config, rank), middle), times(middle, filters), bias_elements(config, filters)
    )
    return sized(x.shape(space, filters), parameters)


def _locally_connected(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    filters = positive(config, "filters")
    space = conv_space(config, x.space)
    kernel = times(*space, kernel_elements(config, rank), x.channels, filters)
    # Implementations 2 and 3 keep other kernels: a dense one with a mask, or the non-zero entries.
    if config.get("implementation", 1) != 1:
        return sized(x.shape(space, filters), None)
    return sized(x.shape(space, filters), plus(kernel, bias_elements(config, times(*space, filters))))


_TUNING = (
    "activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer "
    "activity_regularizer kernel_constraint bias_constraint"
)
_CONV = f"filters kernel_size strides padding data_format dilation_rate groups {_TUNING}"
_TRANSPOSE = f"filters kernel_size strides padding output_padding data_format dilation_rate {_TUNING}"
_TRANSPOSE_3D = f"filters kernel_size strides padding data_format output_padding dilation_rate {_TUNING}"
_DEPTHWISE = (
    "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias "
    "depthwise_initializer bias_initializer depthwise_regularizer bias_regularizer activity_regularizer "
    "depthwise_constraint bias_constraint"
)
_SEPARABLE = (
    "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias "
    "depthwise_initializer pointwise_initializer bias_initializer depthwise_regularizer pointwise_regularizer "
    "bias_regularizer activity_regularizer depthwise_constraint pointwise_constraint bias_constraint"
)
_LOCAL = f"filters kernel_size strides padding data_format {_TUNING} implementation"

ROWS: dict[str, LayerRow] = {
    "Conv1D": row(_CONV, partial(_conv, 1)),
    "Conv1DTranspose": row(_TRANSPOSE, partial(_conv_transpose, 1)),
    "Conv2D": row(_CONV, partial(_conv, 2)),
    "Conv2DTranspose": row(_TRANSPOSE, partial(_conv_transpose, 2)),
    "Conv3D": row(_CONV, partial(_conv, 3)),
    "Conv3DTranspose": row(_TRANSPOSE_3D, partial(_conv_transpose, 3), keras2=_TRANSPOSE),
    "DepthwiseConv1D": row(_DEPTHWISE, partial(_depthwise, 1)),
    "DepthwiseConv2D": row(_DEPTHWISE, partial(_depthwise, 2)),
    "LocallyConnected1D": row(_LOCAL, partial(_locally_connected, 1)),
    "LocallyConnected2D": row(_LOCAL, partial(_locally_connected, 2)),
    "SeparableConv1D": row(_SEPARABLE, partial(_separable, 1)),
    "SeparableConv2D": row(_SEPARABLE, partial(_separable, 2)),
}
