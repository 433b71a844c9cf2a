"""Every layer of keras.layers, Keras 2 and 3: order of its parameters and how its sizes follow from them."""

from __future__ import annotations

from collections.abc import Sequence

from keras_memlint.analysis.facts import (
    layers_attention,
    layers_conv,
    layers_core,
    layers_merge,
    layers_norm,
    layers_preprocessing,
    layers_recurrent,
    layers_spatial,
    layers_wrappers,
)
from keras_memlint.analysis.facts.sizing import UNSIZED, Config, LayerRow, LayerSize, Shape, as_shape, flag

ALIASES: dict[str, str] = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GroupedQueryAttention": "GroupQueryAttention",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}

FUNCTIONS: dict[str, str] = {
    "add": "Add",
    "average": "Average",
    "concatenate": "Concatenate",
    "dot": "Dot",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "subtract": "Subtract",
}
"""Functions of keras.layers that build a layer and call it on their first argument."""

# Layers of Keras 3.15 whose weights ``Model.quantize`` makes narrower, and those that are made of such layers.
QUANTIZED = frozenset(["Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"])
OF_QUANTIZED = frozenset(["GroupQueryAttention", "MultiHeadAttention"])

# Layers that always have weights; others may have them too.
WEIGHTED = frozenset(
    [
        "BatchNormalization",
        "Conv1D",
        "Conv1DTranspose",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "CuDNNGRU",
        "CuDNNLSTM",
        "Dense",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "EinsumDense",
        "Embedding",
        "GRU",
        "GRUCell",
        "GroupNormalization",
        "GroupQueryAttention",
        "LSTM",
        "LSTMCell",
        "LayerNormalization",
        "LocallyConnected1D",
        "LocallyConnected2D",
        "MultiHeadAttention",
        "PReLU",
        "SeparableConv1D",
        "SeparableConv2D",
        "SimpleRNN",
        "SimpleRNNCell",
    ]
)
COMMON = frozenset(
    {
        "activity_regularizer",
        "autocast",
        "batch_input_shape",
        "batch_shape",
        "batch_size",
        "data_format",
        "dtype",
        "dynamic",
        "implementation",
        "input_dim",
        "input_dtype",
        "input_length",
        "input_shape",
        "name",
        "time_major",
        "trainable",
        "weights",
    }
)
"""Keyword arguments that layers take beside their own parameters."""


def infer(layer: str, config: Config, inputs: Sequence[Shape]) -> LayerSize | None:
    """The size of a layer of class ``layer`` on ``inputs``; None when there is no such class in keras.layers.

    An argument that the class does not take makes everything unknown: the script is for another version.
    """
    row = LAYERS.get(layer) or LAYERS.get(ALIASES.get(layer, ""))
    if row is None:
        return None
    if any(name not in row.accepts and name not in COMMON for name in config):
        return UNSIZED
    try:
        size = row.size(config, [as_shape(shape) for shape in inputs])
    except RecursionError:
        return UNSIZED
    trainable = flag(config, "trainable", True)
    if trainable:
        return size
    return size._replace(trainable_parameters=0 if trainable is False else None)


def _table() -> dict[str, LayerRow]:
    families = (
        layers_attention.ROWS,
        layers_conv.ROWS,
        layers_core.ROWS,
        layers_merge.ROWS,
        layers_norm.ROWS,
        layers_preprocessing.ROWS,
        layers_recurrent.ROWS,
        layers_spatial.ROWS,
        layers_wrappers.rows(infer),
    )
    rows: dict[str, LayerRow] = {}
    for family in families:
        if twice := rows.keys() & family.keys():
            raise ValueError(f"layers in two tables: {', '.join(sorted(twice))}")
        rows.update(family)
    return rows


LAYERS: dict[str, LayerRow] = _table()
