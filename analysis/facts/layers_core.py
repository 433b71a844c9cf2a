"""Sizes of Keras layers that work element by element or row by row: Dense, Embedding, dropout, reshaping."""

from __future__ import annotations

import re
from collections.abc import Sequence

from keras_memlint.analysis.facts.sizing import (
    UNKNOWN,
    UNSIZED,
    Config,
    Dim,
    LayerRow,
    LayerSize,
    Shape,
    any_rank,
    as_shape,
    elements,
    first,
    flag,
    given,
    plus,
    positions,
    positive,
    row,
    sized,
    times,
    view,
)

_EINSUM = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


def same(_config: Config, inputs: Sequence[Shape]) -> LayerSize:
    """No weights, an output of the shape of the input."""
    return sized(any_rank(inputs), 0)


def opaque(_config: Config, _inputs: Sequence[Shape]) -> LayerSize:
    """A layer whose size only running it would tell."""
    return UNSIZED


def _alias(_config: Config, inputs: Sequence[Shape]) -> LayerSize:
    return view(any_rank(inputs))


def _input(config: Config, _inputs: Sequence[Shape]) -> LayerSize:
    if given(config, "tensor") or given(config, "input_tensor") or given(config, "type_spec"):
        return view(None)
    for name in ("batch_shape", "batch_input_shape"):
        if given(config, name):
            return view(as_shape(config[name]))
    shape = as_shape(config.get("shape") if given(config, "shape") else config.get("input_shape"))
    return view(None if shape is None else (positive(config, "batch_size"), *shape))


def _dense(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    units = positive(config, "units")
    if shape is None or len(shape) < 2:
        return UNSIZED
    kernel = times(shape[-1], units)
    bias = _bias(config, units)
    return _with_lora(config, (*shape[:-1], units), kernel, bias, plus(shape[-1], units))


def _embedding(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    rows, width = positive(config, "input_dim"), positive(config, "output_dim")
    shape = any_rank(inputs)
    if shape is None and given(config, "input_length"):
        shape = (None, positive(config, "input_length"))
    output = None if shape is None else (*shape, width)
    return _with_lora(config, output, times(rows, width), 0, plus(rows, width))


def _with_lora(config: Config, output: Shape, kernel: Dim, bias: Dim, lora_row: Dim) -> LayerSize:
    if not given(config, "lora_rank"):
        return sized(output, plus(kernel, bias))
    added = times(positive(config, "lora_rank"), lora_row)
    return sized(output, plus(kernel, bias, added), frozen=kernel)


def _bias(config: Config, units: Dim) -> Dim:
    use = flag(config, "use_bias", True)
    return None if use is None else times(int(use), units) if use else 0


def _reversible_embedding(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    tied = flag(config, "tie_weights", True)
    table = times(positive(config, "input_dim"), positive(config, "output_dim"))
    shape = any_rank(inputs)
    output = None if shape is None else (*shape, positive(config, "output_dim"))
    return sized(output, None if tied is None else times(1 if tied else 2, table))


def _einsum_dense(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    equation, shape = config.get("equation"), any_rank(inputs)
    match = _EINSUM.fullmatch(equation.replace(" ", "")) if isinstance(equation, str) else None
    if match is None or shape is None:
        return UNSIZED
    before, taken, after, weight, before_out, made, after_out = match.groups()
    elided = len(shape) - len(taken)
    if before != before_out or after != after_out or (before and after) or elided < 0:
        return UNSIZED
    if elided and not (before or after):
        return UNSIZED
    # The batch is one of the elided dimensions on the left, else the first letter.
    left, right = (shape[:elided], ()) if before else ((), shape[len(taken) :])
    wanted = _output_dims(config.get("output_shape"), len(made) if left else len(made) - 1)
    if wanted is None:
        return UNSIZED
    known: dict[str, Dim] = dict(zip(made, wanted if left else (shape[0], *wanted), strict=True))
    sources = zip(taken, shape[len(left) :], strict=False)
    known.update((letter, size) for letter, size in sources if size is not None)
    output = (*left, *(known.get(letter) for letter in made), *right)
    if given(config, "lora_rank"):
        return sized(output, None)
    kernel = times(*(known.get(letter) for letter in weight))
    return sized(output, plus(kernel, _einsum_bias(config, known, made)))


def _output_dims(value: object, count: int) -> Shape:
    """The output dimensions the user names; None when there are not ``count`` of them."""
    if value is UNKNOWN:
        return (None,) * count
    shape = as_shape(value if isinstance(value, (tuple, list)) else (value,))
    return shape if shape is not None and len(shape) == count else None


def _einsum_bias(config: Config, known: dict[str, Dim], made: str) -> Dim:
    if not given(config, "bias_axes"):
        return 0
    axes = config["bias_axes"]
    if not isinstance(axes, str) or not set(axes) <= set(made):
        return None
    return times(*(known.get(letter) for letter in axes))


def _flatten(_config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    return view((shape[0], elements(shape)) if shape else (None, None))


def _reshape(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape, target = any_rank(inputs), config.get("target_shape")
    if not isinstance(target, (tuple, list)):
        return view(None)
    wanted = as_shape(target)
    if wanted is None:
        return view(None)
    free = [i for i, d in enumerate(target) if d == -1 and not isinstance(d, bool)]
    total = elements(shape)
    if len(free) == 1 and total is not None:
        rest = times(*(d for i, d in enumerate(wanted) if i != free[0]))
        if rest and total % rest == 0:
            wanted = (*wanted[: free[0]], total // rest, *wanted[free[0] + 1 :])
    elif not free and total is not None and times(*wanted) not in (None, total):
        return view(None)
    return view((shape[0] if shape else None, *wanted))


def _permute(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    order = config.get("dims")
    if not isinstance(order, (tuple, list)):
        return sized(None, 0)
    shape = first(inputs, len(order) + 1)
    places = positions(order, len(order) + 1)
    if shape is None or places is None or sorted(places) != list(range(1, len(order) + 1)):
        return sized(None, 0)
    return sized((shape[0], *(shape[i] for i in places)), 0)


def _repeat(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = first(inputs, 2)
    return UNSIZED if shape is None else sized((shape[0], positive(config, "n"), shape[1]), 0)


def _lambda(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = as_shape(config.get("output_shape"))
    inputs_batch = any_rank(inputs)
    batch = inputs_batch[0] if inputs_batch else None
    return sized(None if shape is None else (batch, *shape), 0)


def _prelu(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    if shape is None:
        return UNSIZED
    slopes = list(shape[1:])
    if given(config, "shared_axes"):
        shared = positions(config["shared_axes"], len(shape))
        if shared is None or 0 in shared:
            return sized(shape, None)
        for axis in shared:
            slopes[axis - 1] = 1
    return sized(shape, times(*slopes))


_TUNING = (
    "kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
_EMBEDDINGS = "input_dim output_dim embeddings_initializer embeddings_regularizer"

ROWS: dict[str, LayerRow] = {
    "Activation": row("activation", same),
    "ActivityRegularization": row("l1 l2", _alias),
    "AlphaDropout": row("rate noise_shape seed", same),
    "Dense": row(
        f"units activation use_bias {_TUNING} lora_rank lora_alpha quantization_config",
        _dense,
        keras2=f"units activation use_bias {_TUNING}",
    ),
    "DenseFeatures": row("feature_columns trainable name", opaque),
    "Dropout": row("rate noise_shape seed", same),
    "ELU": row("alpha", same),
    "EinsumDense": row(
        "equation output_shape activation bias_axes kernel_initializer bias_initializer kernel_regularizer "
        "bias_regularizer kernel_constraint bias_constraint lora_rank lora_alpha gptq_unpacked_column_size "
        "quantization_config",
        _einsum_dense,
        keras2=f"equation output_shape activation bias_axes {_TUNING}",
    ),
    "Embedding": row(
        f"{_EMBEDDINGS} embeddings_constraint mask_zero weights lora_rank lora_alpha quantization_config",
        _embedding,
        keras2=f"{_EMBEDDINGS} activity_regularizer embeddings_constraint mask_zero input_length sparse",
    ),
    "Flatten": row("data_format", _flatten),
    "FlaxLayer": row("module method variables", opaque),
    "GaussianDropout": row("rate seed", same),
    "GaussianNoise": row("stddev seed", same),
    "Identity": row("", _alias),
    "Input": row(
        "shape batch_size dtype sparse ragged batch_shape name tensor optional",
        _input,
        keras2="shape batch_size name dtype sparse tensor ragged type_spec optional",
    ),
    "InputLayer": row(
        "shape batch_size dtype sparse ragged batch_shape input_tensor optional name",
        _input,
        keras2="input_shape batch_size dtype input_tensor sparse name ragged type_spec optional",
    ),
    "JaxLayer": row("call_fn init_fn params state seed native_serialization_platforms", opaque),
    "Lambda": row("function output_shape mask arguments", _lambda),
    "LeakyReLU": row("negative_slope", same, keras2="alpha"),
    "Masking": row("mask_value", same),
    "PReLU": row("alpha_initializer alpha_regularizer alpha_constraint shared_axes", _prelu),
    "Permute": row("dims", _permute),
    "ReLU": row("max_value negative_slope threshold", same),
    "RepeatVector": row("n", _repeat),
    "Reshape": row("target_shape", _reshape),
    "ReversibleEmbedding": row(
        "input_dim output_dim tie_weights embeddings_initializer embeddings_regularizer embeddings_constraint "
        "mask_zero reverse_dtype logit_soft_cap",
        _reversible_embedding,
    ),
    "Softmax": row("axis", same, keras2="axis robust_masking"),
    "SpatialDropout1D": row("rate seed name dtype", same, keras2="rate"),
    "SpatialDropout2D": row("rate data_format seed name dtype", same, keras2="rate data_format"),
    "SpatialDropout3D": row("rate data_format seed name dtype", same, keras2="rate data_format"),
    "TFSMLayer": row("filepath call_endpoint call_training_endpoint trainable name dtype", opaque),
    "ThresholdedReLU": row("theta", same),
    "TorchModuleWrapper": row("module name output_shape", opaque),
}
