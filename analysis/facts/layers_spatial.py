"""Sizes of Keras layers that change only the extent of an image or sequence: pooling, padding, resizing."""

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
    any_rank,
    choice,
    conv_length,
    dims,
    flag,
    given,
    image,
    positive,
    row,
    sized,
    times,
)


def _pool(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    size = dims(config, "pool_size", rank, 2)
    strides = dims(config, "strides", rank) if given(config, "strides") else size
    padding = choice(config, "padding", "valid", ("valid", "same"))
    space = tuple(conv_length(d, k, s, padding) for d, k, s in zip(x.space, size, strides, strict=True))
    return sized(x.shape(space, x.channels), 0)


def _adaptive_pool(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    space = dims(config, "output_size", rank)
    return sized(x.shape(space, x.channels), 0)


def _global_pool(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    keep = flag(config, "keepdims", False)
    if x is None or keep is None:
        return sized(None, None if x is None else 0)
    return sized(x.shape((1,) * rank, x.channels) if keep else (x.batch, x.channels), 0)


def _crop(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    removed = _both_sides(config, "cropping", rank, default=0 if rank == 2 else 2)
    space = tuple(
        None if size is None or cut is None or size <= cut else size - cut
        for size, cut in zip(x.space, removed, strict=True)
    )
    return sized(x.shape(space, x.channels), 0)


def _pad(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    added = _both_sides(config, "padding", rank, default=2)
    space = tuple(
        None if size is None or pad is None else size + pad for size, pad in zip(x.space, added, strict=True)
    )
    return sized(x.shape(space, x.channels), 0)


def _both_sides(config: Config, name: str, rank: int, default: int) -> tuple[Dim, ...]:
    """What padding or cropping adds up to on each axis: n, (h, w) or ((top, bottom), (left, right))."""
    value = config.get(name)
    if value is None:
        return (default,) * rank
    if not isinstance(value, (tuple, list)):
        return (_side_sum((value, value)),) * rank
    if rank == 1 and len(value) == 2:
        return (_side_sum(value),)
    if len(value) != rank:
        return (None,) * rank
    return tuple(_side_sum(axis if isinstance(axis, (tuple, list)) else (axis, axis)) for axis in value)


def _side_sum(sides: Sequence[object]) -> Dim:
    total = 0
    for side in sides:
        if not isinstance(side, int) or isinstance(side, bool) or side < 0:
            return None
        total += side
    return total if len(sides) == 2 else None


def _upsample(rank: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, rank)
    if x is None:
        return UNSIZED
    space = tuple(times(d, factor) for d, factor in zip(x.space, dims(config, "size", rank, 2), strict=True))
    return sized(x.shape(space, x.channels), 0)


def _resize(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    """A fixed height and width, for one image or a batch of them."""
    shape = any_rank(inputs)
    if shape is None or len(shape) not in (3, 4):
        return UNSIZED
    batch = shape[:-3]
    x = image(config, [(None, *shape[-3:])], 2)
    if x is None:
        return UNSIZED
    resized = x.shape((positive(config, "height"), positive(config, "width")), x.channels)
    return sized(None if resized is None else (*batch, *resized[1:]), 0)


def _random_extent(axis: int, config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, 2)
    if x is None:
        return UNSIZED
    return sized(x.shape(tuple(None if i == axis else d for i, d in enumerate(x.space)), x.channels), 0)


_POOL = "pool_size strides padding data_format name"
_POOL_2 = "pool_size strides padding data_format"


def _pools() -> dict[str, LayerRow]:
    rows: dict[str, LayerRow] = {}
    for rank in (1, 2, 3):
        for kind in ("Average", "Max"):
            rows[f"{kind}Pooling{rank}D"] = row(_POOL, partial(_pool, rank), keras2=_POOL_2)
            rows[f"Adaptive{kind}Pooling{rank}D"] = row(
                "output_size data_format", partial(_adaptive_pool, rank)
            )
            rows[f"Global{kind}Pooling{rank}D"] = row("data_format keepdims", partial(_global_pool, rank))
    return rows


ROWS: dict[str, LayerRow] = {
    **_pools(),
    "CenterCrop": row("height width data_format", _resize),
    "Cropping1D": row("cropping", partial(_crop, 1)),
    "Cropping2D": row("cropping data_format", partial(_crop, 2)),
    "Cropping3D": row("cropping data_format", partial(_crop, 3)),
    "RandomCrop": row("height width seed data_format name", _resize),
    "RandomHeight": row("factor interpolation seed", partial(_random_extent, 0)),
    "RandomWidth": row("factor interpolation seed", partial(_random_extent, 1)),
    "Resizing": row(
        "height width interpolation crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value antialias "
        "data_format",
        _resize,
    ),
    "UpSampling1D": row("size", partial(_upsample, 1)),
    "UpSampling2D": row("size data_format interpolation", partial(_upsample, 2)),
    "UpSampling3D": row("size data_format", partial(_upsample, 3)),
    "ZeroPadding1D": row("padding data_format", partial(_pad, 1)),
    "ZeroPadding2D": row("padding data_format", partial(_pad, 2)),
    "ZeroPadding3D": row("padding data_format", partial(_pad, 3)),
}
