"""What a Keras layer costs, told from its arguments: output shape, parameters, stored elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from keras_memlint.analysis.facts.keras_layers import ALIASES, FUNCTIONS, LAYERS, infer
from keras_memlint.analysis.facts.sizing import (
    UNKNOWN,
    UNSIZED,
    Config,
    LayerSize,
    LayerSpec,
    Shape,
    as_shape,
    elements,
    given,
    positive,
)

__all__ = [
    "LAYER_FUNCTIONS",
    "LAYER_SIGNATURES",
    "UNKNOWN",
    "UNSIZED",
    "LayerSize",
    "LayerSpec",
    "Shape",
    "bind",
    "declared_input",
    "elements",
    "infer",
]

LAYER_SIGNATURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: LAYERS[ALIASES.get(name, name)].parameters for name in (*LAYERS, *ALIASES)}
)
"""Positional parameters of each layer class in Keras 3; ``bind`` also knows Keras 2."""

LAYER_FUNCTIONS: Mapping[str, str] = MappingProxyType(FUNCTIONS)
"""Class behind each lower-case function of keras.layers, such as ``concatenate``."""

_RECURRENT = frozenset(("CuDNNGRU", "CuDNNLSTM", "GRU", "LSTM", "RNN", "SimpleRNN"))


def bind(
    layer: str, positional: Sequence[object], keywords: Mapping[str, object], *, keras2: bool = False
) -> dict[str, object] | None:
    """The arguments of a call by parameter name; None when the class is not known or refuses them."""
    row = LAYERS.get(ALIASES.get(layer, layer))
    if row is None:
        return None
    parameters = row.keras2 if keras2 else row.parameters
    if len(positional) > len(parameters):
        return None
    bound = dict(zip(parameters, positional, strict=False))
    if bound.keys() & keywords.keys():
        return None
    bound.update(keywords)
    return bound


def declared_input(layer: str, config: Config) -> Shape:
    """The input shape a first layer names itself (``input_shape=`` and the like), with batch; else None."""
    for name in ("batch_input_shape", "batch_shape"):
        if given(config, name):
            return as_shape(config[name])
    batch = positive(config, "batch_size")
    if given(config, "input_shape"):
        shape = as_shape(config["input_shape"])
        return None if shape is None else (batch, *shape)
    length = positive(config, "input_length")
    if layer == "Embedding":
        return (batch, length) if given(config, "input_length") else None
    if not given(config, "input_dim"):
        return None
    width = positive(config, "input_dim")
    return (batch, length, width) if layer in _RECURRENT else (batch, width)
