"""Sizes of Keras's attention layers; their inputs come in the order query, value, key."""

from __future__ import annotations

from collections.abc import Sequence

from keras_memlint.analysis.facts.sizing import (
    UNSIZED,
    Config,
    Dim,
    LayerRow,
    LayerSize,
    Shape,
    as_shape,
    choice,
    flag,
    given,
    plus,
    positive,
    row,
    sized,
    times,
)


def score_elements(name: str, config: Config, inputs: Sequence[Shape]) -> Dim:
    """Elements a step keeps for every pair of a query and a key, for each sample; None when not known, 0 for other layers."""
    if name not in ROWS:
        return 0
    if len(inputs) < 2 or not inputs[0] or not inputs[1]:
        return None
    query, key = inputs[0], inputs[2] if len(inputs) > 2 and inputs[2] else inputs[1]
    rows, columns = times(*query[1:-1]), times(*key[1:-1])
    if name == "Attention":
        return times(2, rows, columns)
    if name == "AdditiveAttention":
        return times(plus(2, query[-1]), rows, columns)
    heads = positive(config, "num_heads" if name == "MultiHeadAttention" else "num_query_heads")
    return _scores(config, heads, rows, columns)


def _attention(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    scale = flag(config, "use_scale", False)
    mode = choice(config, "score_mode", "dot", ("dot", "concat"))
    parameters = None if scale is None or mode is None else int(scale) + (mode == "concat")
    return _attended(inputs, parameters, kept=2)


def _additive_attention(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    scale = flag(config, "use_scale", True)
    width = inputs[0][-1] if inputs and inputs[0] else None
    # The scores are a sum over the features of every pair of query and key.
    return _attended(inputs, None if scale is None else width if scale else 0, kept=plus(2, width))


def _attended(inputs: Sequence[Shape], parameters: Dim, kept: Dim) -> LayerSize:
    """``kept`` elements stay for every pair of query and key."""
    if len(inputs) < 2 or not inputs[0] or not inputs[1] or len(inputs[0]) < 3 or len(inputs[1]) < 3:
        return sized(None, parameters)
    query, value = inputs[0], inputs[1]
    return sized((*query[:-1], value[-1]), parameters, inner=times(kept, *query[1:-1], value[-2]))


def _multi_head(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    heads, key_dim = positive(config, "num_heads"), positive(config, "key_dim")
    value_dim = positive(config, "value_dim") if given(config, "value_dim") else key_dim
    made: Shape = None
    if given(config, "output_shape"):
        wanted = config["output_shape"]
        made = as_shape((wanted,) if isinstance(wanted, int) else wanted)
        if made is None:
            return UNSIZED
    return _projected_attention(config, inputs, heads, heads, key_dim, value_dim, made)


def _grouped_query(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    width = positive(config, "head_dim")
    heads, groups = positive(config, "num_query_heads"), positive(config, "num_key_value_heads")
    return _projected_attention(config, inputs, heads, groups, width, width, None)


def _projected_attention(
    config: Config,
    inputs: Sequence[Shape],
    heads: Dim,
    groups: Dim,
    key_dim: Dim,
    value_dim: Dim,
    made: Shape,
) -> LayerSize:
    """Attention over projections: ``heads`` of queries, ``groups`` of keys and values, ``made`` features out."""
    if len(inputs) < 2 or not inputs[0]:
        return UNSIZED
    query, value = inputs[0], inputs[1]
    key = inputs[2] if len(inputs) > 2 else value
    features = (query[-1],) if made is None else made
    output = (*query[:-1], *features)
    bias, gated = flag(config, "use_bias", True), flag(config, "use_gate", False)
    if not value or not key or bias is None or gated is None:
        return sized(output, None)._replace(stored=None)
    queries, keys = times(heads, key_dim), times(groups, key_dim)
    values, context, out = times(groups, value_dim), times(heads, value_dim), times(*features)
    parameters = plus(
        _projection(query[-1], queries, bias),
        _projection(key[-1], keys, bias),
        _projection(value[-1], values, bias),
        _projection(query[-1], context, bias) if gated else 0,
        _projection(context, out, bias),
    )
    rows, columns = times(*query[1:-1]), times(*key[1:-1])
    inner = plus(
        times(rows, plus(queries, context, context if gated else 0)),
        times(columns, plus(keys, values)),
        _scores(config, heads, rows, columns),
    )
    return sized(output, parameters, inner=inner)


def _projection(width: Dim, units: Dim, bias: bool) -> Dim:
    return plus(times(width, units), units if bias else 0)


def _scores(config: Config, heads: Dim, rows: Dim, columns: Dim) -> Dim:
    """Every head keeps the scores before and after softmax, unless the flash kernel keeps none."""
    flash = flag(config, "flash_attention", False)
    if flash is None or given(config, "attention_axes"):
        return None
    return 0 if flash else times(2, heads, rows, columns)


_HEAD_TUNING = (
    "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
_HEADS = "num_heads key_dim value_dim dropout use_bias output_shape attention_axes"

ROWS: dict[str, LayerRow] = {
    "AdditiveAttention": row("use_scale dropout", _additive_attention),
    "Attention": row("use_scale score_mode dropout seed", _attention),
    "GroupQueryAttention": row(
        "head_dim num_query_heads num_key_value_heads dropout use_bias sliding_window flash_attention "
        f"{_HEAD_TUNING} use_gate seed",
        _grouped_query,
    ),
    "MultiHeadAttention": row(
        f"{_HEADS} sliding_window flash_attention {_HEAD_TUNING} use_gate seed",
        _multi_head,
        keras2=f"{_HEADS} {_HEAD_TUNING} softmax_robust_masking",
    ),
}
