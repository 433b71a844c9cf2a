"""Sizes of Keras's recurrent layers and of the cells inside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from keras_memlint.analysis.facts.layers_conv import bias_elements, conv_space, kernel_elements
from keras_memlint.analysis.facts.sizing import (
    UNSIZED,
    Config,
    Dim,
    Image,
    LayerRow,
    LayerSize,
    LayerSpec,
    Shape,
    first,
    flag,
    image,
    plus,
    positive,
    row,
    sized,
    times,
)


class Cell(NamedTuple):
    """What one step costs: ``units`` out, the size of each state, elements ``kept`` for the backward pass."""

    units: Dim
    parameters: Dim
    states: tuple[Dim, ...]
    kept: Dim


CellSize: TypeAlias = Callable[[Config, Dim], Cell]

_NO_CELL = Cell(None, None, (), None)


def _lstm(biases: int, config: Config, width: Dim) -> Cell:
    units = positive(config, "units")
    weights = plus(times(4, units, plus(width, units)), bias_elements(config, times(biases, units)))
    # Four gates, the cell state and the output.
    return Cell(units, weights, (units, units), times(6, units))


def _gru(config: Config, width: Dim) -> Cell:
    units, reset_after = positive(config, "units"), flag(config, "reset_after", True)
    biases = None if reset_after is None else 6 if reset_after else 3
    weights = plus(times(3, units, plus(width, units)), bias_elements(config, times(biases, units)))
    # Three gates, the recurrent part that the reset gate multiplies, and the output.
    return Cell(units, weights, (units,), times(5, units))


def _simple(config: Config, width: Dim) -> Cell:
    units = positive(config, "units")
    weights = plus(times(units, plus(width, units)), bias_elements(config, units))
    return Cell(units, weights, (units,), units)


def _stacked(config: Config, width: Dim) -> Cell:
    """Cells one above the other: each reads the output of the one below."""
    specs = config.get("cells")
    if not isinstance(specs, (tuple, list)) or not specs:
        return _NO_CELL
    parameters: Dim = 0
    kept: Dim = 0
    cell = _NO_CELL
    for spec in specs:
        cell = _cell(spec, width)
        width, parameters, kept = cell.units, plus(parameters, cell.parameters), plus(kept, cell.kept)
    # Each state is itself a list of the states of one cell.
    return Cell(cell.units, parameters, (None,) * len(specs), kept)


def _cell(value: object, width: Dim) -> Cell:
    if isinstance(value, LayerSpec):
        found = CELLS.get(value.name)
        return _NO_CELL if found is None else found(value.config, width)
    return _stacked({"cells": value}, width)


CELLS: dict[str, CellSize] = {
    "GRUCell": _gru,
    "LSTMCell": partial(_lstm, 4),
    "SimpleRNNCell": _simple,
    "StackedRNNCells": _stacked,
}


def _unrolled(config: Config, inputs: Sequence[Shape], cell_size: CellSize) -> LayerSize:
    """A cell run over the second dimension of the input."""
    shape = first(inputs, 3)
    if shape is None:
        return UNSIZED
    batch, steps, width = shape
    cell = cell_size(config, width)
    sequences, states = flag(config, "return_sequences", False), flag(config, "return_state", False)
    unsure = sequences is None or states is None or flag(config, "time_major", False) is not False
    if unsure or (states and not cell.states):
        return sized(None, cell.parameters)
    output = (batch, steps, cell.units) if sequences else (batch, cell.units)
    more: tuple[Shape, ...] = ()
    if states:
        more = tuple(None if size is None else (batch, size) for size in cell.states)
    stored = plus(times(steps, cell.kept), 0 if sequences else cell.units)
    return sized(output, cell.parameters, more=more)._replace(stored=stored)


def _recurrent(cell_size: CellSize, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    return _unrolled(config, inputs, cell_size)


def _rnn(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    return _unrolled(config, inputs, lambda c, width: _cell(c.get("cell"), width))


def _one_step(cell_size: CellSize, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = first(inputs, 2)
    if shape is None:
        return UNSIZED
    cell = cell_size(config, shape[1])
    return sized((shape[0], cell.units), cell.parameters)._replace(stored=cell.kept)


def _conv_lstm(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = first(inputs, rank + 3)
    if shape is None:
        return UNSIZED
    x = image(config, [(shape[0], *shape[2:])], rank)
    filters = positive(config, "filters")
    if x is None:
        return UNSIZED
    kernel = times(kernel_elements(config, rank), plus(x.channels, filters), 4, filters)
    parameters = plus(kernel, bias_elements(config, times(4, filters)))
    sequences, states = flag(config, "return_sequences", False), flag(config, "return_state", False)
    if sequences is None or states is None:
        return sized(None, parameters)
    return _conv_lstm_size(config, x, shape[1], filters, parameters, sequences, states)


def _conv_lstm_size(
    config: Config, x: Image, steps: Dim, filters: Dim, parameters: Dim, sequences: bool, states: bool
) -> LayerSize:
    one = x.shape(conv_space(config, x.space), filters)
    if one is None:
        return UNSIZED
    output = (one[0], steps, *one[1:]) if sequences else one
    stored = plus(times(6, steps, *one[1:]), 0 if sequences else times(*one[1:]))
    return sized(output, parameters, more=(one, one) if states else ())._replace(stored=stored)


_STARTS = "kernel_initializer recurrent_initializer bias_initializer"
_LIMITS = "kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout"
_PENALTIES = "kernel_regularizer recurrent_regularizer bias_regularizer"
_RETURNS = "return_sequences return_state go_backwards stateful"

_LSTM = (
    f"units activation recurrent_activation use_bias {_STARTS} unit_forget_bias {_PENALTIES} "
    f"activity_regularizer {_LIMITS}"
)
_LSTM_CELL = (
    f"units activation recurrent_activation use_bias {_STARTS} unit_forget_bias {_PENALTIES} {_LIMITS}"
)
_GRU = f"units activation recurrent_activation use_bias {_STARTS} {_PENALTIES} activity_regularizer {_LIMITS}"
_GRU_CELL = f"units activation recurrent_activation use_bias {_STARTS} {_PENALTIES} {_LIMITS} reset_after"
_SIMPLE = f"units activation use_bias {_STARTS} {_PENALTIES} activity_regularizer {_LIMITS} {_RETURNS} unroll"
_SIMPLE_CELL = f"units activation use_bias {_STARTS} {_PENALTIES} {_LIMITS}"
_CUDNN_LIMITS = "activity_regularizer kernel_constraint recurrent_constraint bias_constraint"
_CONV_LIMITS = "kernel_constraint recurrent_constraint bias_constraint"
_CONV_LSTM = (
    "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias "
    f"{_STARTS} unit_forget_bias {_PENALTIES} activity_regularizer {_CONV_LIMITS}"
)
_CONV_LSTM_3 = f"{_CONV_LSTM} dropout recurrent_dropout seed {_RETURNS}"
_CONV_LSTM_2 = f"{_CONV_LSTM} {_RETURNS} dropout recurrent_dropout"
_CUDNN_RETURNS = "return_sequences return_state go_backwards stateful time_major"

ROWS: dict[str, LayerRow] = {
    "ConvLSTM1D": row(_CONV_LSTM_3, partial(_conv_lstm, 1), keras2=_CONV_LSTM_2),
    "ConvLSTM2D": row(_CONV_LSTM_3, partial(_conv_lstm, 2), keras2=_CONV_LSTM_2),
    "ConvLSTM3D": row(_CONV_LSTM_3, partial(_conv_lstm, 3), keras2=_CONV_LSTM_2),
    "CuDNNGRU": row(
        f"units {_STARTS} {_PENALTIES} {_CUDNN_LIMITS} return_sequences return_state go_backwards stateful",
        partial(_recurrent, _gru),
    ),
    "CuDNNLSTM": row(
        f"units {_STARTS} unit_forget_bias {_PENALTIES} {_CUDNN_LIMITS} {_CUDNN_RETURNS}",
        partial(_recurrent, partial(_lstm, 8)),
    ),
    "GRU": row(
        f"{_GRU} seed {_RETURNS} unroll reset_after use_cudnn",
        partial(_recurrent, _gru),
        keras2=f"{_GRU} {_RETURNS} unroll time_major reset_after",
    ),
    "GRUCell": row(f"{_GRU_CELL} seed", partial(_one_step, _gru), keras2=_GRU_CELL),
    "LSTM": row(
        f"{_LSTM} seed {_RETURNS} unroll use_cudnn",
        partial(_recurrent, CELLS["LSTMCell"]),
        keras2=f"{_LSTM} {_RETURNS} time_major unroll",
    ),
    "LSTMCell": row(f"{_LSTM_CELL} seed", partial(_one_step, CELLS["LSTMCell"]), keras2=_LSTM_CELL),
    "RNN": row(
        f"cell {_RETURNS} unroll zero_output_for_mask", _rnn, keras2=f"cell {_RETURNS} unroll time_major"
    ),
    "SimpleRNN": row(f"{_SIMPLE} seed", partial(_recurrent, _simple), keras2=_SIMPLE),
    "SimpleRNNCell": row(f"{_SIMPLE_CELL} seed", partial(_one_step, _simple), keras2=_SIMPLE_CELL),
    "StackedRNNCells": row("cells", partial(_one_step, _stacked)),
}
