"""Sizes of Keras's normalization layers."""

from __future__ import annotations

from collections.abc import Sequence

from keras_memlint.analysis.facts.layers_core import same
from keras_memlint.analysis.facts.sizing import (
    UNKNOWN,
    UNSIZED,
    Config,
    Dim,
    LayerRow,
    LayerSize,
    Shape,
    any_rank,
    flag,
    given,
    plus,
    positions,
    row,
    sized,
    times,
)


def _axis_elements(config: Config, shape: tuple[Dim, ...]) -> Dim:
    places = positions(config.get("axis", -1), len(shape))
    return None if places is None else times(*(shape[i] for i in places))


def _weights(config: Config, width: Dim, *names: str) -> Dim:
    """Elements of the weights that the flags ``names`` switch on, ``width`` each."""
    flags = [flag(config, name, True) for name in names]
    return None if None in flags else times(width, sum(map(bool, flags)))


def _batch_norm(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    if shape is None:
        return UNSIZED
    width = _axis_elements(config, shape)
    renorm = flag(config, "renorm", False)
    statistics = None if renorm is None else times(width, 5 if renorm else 2)
    return sized(shape, plus(_weights(config, width, "scale", "center"), statistics), frozen=statistics)


def _layer_norm(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    if shape is None:
        return UNSIZED
    width = _axis_elements(config, shape)
    if flag(config, "rms_scaling", False) is not False:
        return sized(shape, None)
    return sized(shape, _weights(config, width, "scale", "center"))


def _rms_norm(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    return sized(shape, None if shape is None else _axis_elements(config, shape))


def _normalization(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    if given(config, "mean"):
        return sized(shape, None if config["mean"] is UNKNOWN else 0)
    if shape is None:
        return UNSIZED
    width = 1 if config.get("axis", -1) is None else _axis_elements(config, shape)
    statistics = plus(times(2, width), 1)
    return sized(shape, statistics, frozen=statistics)


_AFFINE = (
    "center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer beta_constraint "
    "gamma_constraint"
)
_BATCH = (
    "axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer "
    "moving_variance_initializer beta_regularizer gamma_regularizer beta_constraint gamma_constraint"
)

ROWS: dict[str, LayerRow] = {
    "BatchNormalization": row(
        f"{_BATCH} renorm renorm_clipping renorm_momentum synchronized",
        _batch_norm,
        keras2=f"{_BATCH} synchronized",
    ),
    "GroupNormalization": row(f"groups axis epsilon {_AFFINE}", _layer_norm),
    "LayerNormalization": row(
        f"axis epsilon {_AFFINE}", _layer_norm, keras2=f"axis epsilon {_AFFINE} rms_scaling"
    ),
    "Normalization": row("axis mean variance invert", _normalization),
    "RMSNormalization": row("axis epsilon", _rms_norm),
    "UnitNormalization": row("axis", same),
}
