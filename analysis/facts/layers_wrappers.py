"""Sizes of Keras layers that hold other layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from keras_memlint.analysis.facts.layers_core import opaque
from keras_memlint.analysis.facts.sizing import (
    UNSIZED,
    Config,
    Dim,
    LayerRow,
    LayerSize,
    LayerSpec,
    Shape,
    choice,
    given,
    plus,
    positive,
    row,
    times,
)

SizeOf: TypeAlias = Callable[[str, Config, Sequence[Shape]], "LayerSize | None"]

_RECURRENT = frozenset(("LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"))
_KERNEL_OUT = {
    "Dense": "units",
    "Conv1D": "filters",
    "Conv2D": "filters",
    "Conv3D": "filters",
    "Embedding": "output_dim",
}


def rows(size_of: SizeOf) -> dict[str, LayerRow]:
    """The rows; ``size_of`` gives the size of the layer inside."""
    return {
        "Bidirectional": row("layer merge_mode weights backward_layer", partial(_bidirectional, size_of)),
        "Pipeline": row("layers name", partial(_pipeline, size_of)),
        "SpectralNormalization": row("layer power_iterations", partial(_spectral, size_of)),
        "TimeDistributed": row("layer", partial(_time_distributed, size_of)),
        "Wrapper": row("layer", opaque),
    }


def _held(size_of: SizeOf, value: object, inputs: Sequence[Shape]) -> LayerSize:
    found = size_of(value.name, value.config, inputs) if isinstance(value, LayerSpec) else None
    return UNSIZED if found is None else found


def _bidirectional(size_of: SizeOf, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    layer = config.get("layer")
    if not isinstance(layer, LayerSpec) or layer.name not in _RECURRENT:
        return UNSIZED
    forward = _held(size_of, layer, inputs)
    backward = (
        _held(size_of, config["backward_layer"], inputs) if given(config, "backward_layer") else forward
    )
    total = LayerSize(
        None,
        plus(forward.parameters, backward.parameters),
        plus(forward.trainable_parameters, backward.trainable_parameters),
        plus(forward.stored, backward.stored),
    )
    states = forward.more + backward.more
    if "merge_mode" in config and config["merge_mode"] is None:
        return total._replace(output=forward.output, more=(backward.output, *states))
    mode = choice(config, "merge_mode", "concat", ("concat", "sum", "ave", "mul"))
    if mode is None or forward.output is None:
        return total
    output = forward.output
    if mode == "concat":
        output = (*output[:-1], times(2, output[-1]))
    return total._replace(output=output, more=states)


def _time_distributed(size_of: SizeOf, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = inputs[0] if inputs else None
    if shape is None or len(shape) < 3:
        return UNSIZED
    step = _held(size_of, config.get("layer"), [(shape[0], *shape[2:])])
    output = None if not step.output else (step.output[0], shape[1], *step.output[1:])
    return step._replace(output=output, stored=times(shape[1], step.stored), more=())


def _spectral(size_of: SizeOf, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    """The wrapped layer and one vector as long as the last axis of its kernel."""
    layer = config.get("layer")
    size = _held(size_of, layer, inputs)
    vector: Dim = None
    if isinstance(layer, LayerSpec) and layer.name in _KERNEL_OUT:
        vector = positive(layer.config, _KERNEL_OUT[layer.name])
    return size._replace(parameters=plus(size.parameters, vector))


def _pipeline(size_of: SizeOf, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    layers = config.get("layers")
    if not isinstance(layers, (tuple, list)) or not layers:
        return UNSIZED
    parameters: Dim = 0
    trainable: Dim = 0
    stored: Dim = 0
    for layer in layers:
        size = _held(size_of, layer, inputs)
        inputs = [size.output]
        parameters, trainable = plus(parameters, size.parameters), plus(trainable, size.trainable_parameters)
        stored = plus(stored, size.stored)
    return LayerSize(inputs[0], parameters, trainable, stored)
