"""Sizes of Keras's preprocessing layers: image augmentation, categories, text, audio."""

from __future__ import annotations

from collections.abc import Sequence

from keras_memlint.analysis.facts.layers_core import opaque, same
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
    first,
    flag,
    given,
    image,
    plus,
    positive,
    row,
    sized,
    times,
)

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf", "binary")


def _encoded(shape: Shape, mode: str | None, depth: Dim) -> LayerSize:
    """Category numbers encoded: each by itself (``one_hot``) or all of one sample together."""
    if shape is None or mode is None:
        return sized(None, 0)
    if mode == "int":
        return sized(shape, 0)
    if mode == "one_hot" and (len(shape) < 2 or shape[-1] != 1):
        return sized((*shape, depth) if shape[-1:] != (None,) or len(shape) < 2 else None, 0)
    return sized((*shape[:-1], depth), 0)


def _category_encoding(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    mode = choice(config, "output_mode", "multi_hot", _MODES[1:4])
    return _encoded(any_rank(inputs), mode, positive(config, "num_tokens"))


def _lookup(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    padded = flag(config, "pad_to_max_tokens", False)
    depth = positive(config, "max_tokens") if padded else None
    return _encoded(any_rank(inputs), choice(config, "output_mode", "int", _MODES), depth)


def _hashing(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    mode = choice(config, "output_mode", "int", _MODES[:4])
    shape = any_rank(inputs)
    # Versions disagree about one_hot unless there is one category a sample.
    if mode == "one_hot" and (shape is None or shape[-1:] != (1,)):
        mode = None
    return _encoded(shape, mode, positive(config, "num_bins"))


def _discretization(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    mode = choice(config, "output_mode", "int", _MODES[:4])
    bins = config.get("bin_boundaries")
    depth = len(bins) + 1 if isinstance(bins, (tuple, list)) else None
    if bins is None:
        depth = positive(config, "num_bins")
    shape = any_rank(inputs)
    if mode not in ("int", "one_hot") and (shape is None or len(shape) != 2):
        mode = None
    return _encoded(shape, mode, depth)


def _text_vectorization(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape, mode = any_rank(inputs), choice(config, "output_mode", "int", _MODES)
    if not shape or len(shape) > 2 or mode is None or flag(config, "ragged", False) is not False:
        return sized(None, 0)
    if len(shape) == 2 and (shape[1] != 1 or config.get("split", "") is None):
        return sized(None, 0)
    if mode == "int":
        return sized((shape[0], positive(config, "output_sequence_length")), 0)
    padded = flag(config, "pad_to_max_tokens", False)
    return sized((shape[0], positive(config, "max_tokens") if padded else None), 0)


def _mel_spectrogram(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = first(inputs, 2)
    stride = positive(config, "sequence_stride", 512)
    if shape is None:
        return UNSIZED
    steps = None if shape[1] is None or stride is None else (shape[1] + stride + 1) // stride
    return sized((shape[0], positive(config, "num_mel_bins", 128), steps), 0)


def _stft_spectrogram(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    x = image(config, inputs, 1)
    frame = positive(config, "frame_length", 256)
    mode = choice(
        config, "mode", "log", ("magnitude", "log", "phase", "psd", "real", "imag", "angle", "stft")
    )
    expand = flag(config, "expand_dims", False)
    if x is None or frame is None or mode is None:
        return UNSIZED
    step = positive(config, "frame_step") if given(config, "frame_step") else max(frame // 2, 1)
    transform = (
        positive(config, "fft_length") if given(config, "fft_length") else 1 << (frame - 1).bit_length()
    )
    frequencies = None if transform is None else transform // 2 + 1
    parameters = times(1 if mode in ("real", "imag") else 2, frame, frequencies)
    channels = times(2 if mode == "stft" else 1, frequencies)
    space = (conv_length(x.space[0], frame, step, choice(config, "padding", "valid", ("valid", "same"))),)
    if expand is not False:
        return sized(None, parameters)
    return sized(x.shape(space, times(channels, x.channels)), parameters)


def _hashed_crossing(config: Config, inputs: Sequence[Shape]) -> LayerSize:
    shape = any_rank(inputs)
    mode = choice(config, "output_mode", "int", ("int", "one_hot"))
    return _encoded(shape, mode, plus(positive(config, "num_bins"), 0))


_RANGE = "factor value_range data_format seed"

_AUGMENTATIONS = {
    "AugMix": "value_range num_chains chain_depth factor alpha all_ops interpolation seed data_format",
    "AutoContrast": "value_range",
    "ContrastLimitedAdaptiveHistogramEqualization": "value_range clip_limit tile_grid_size data_format",
    "CutMix": "factor seed data_format",
    "Equalization": "value_range bins data_format",
    "MixUp": "alpha data_format seed",
    "RandAugment": "value_range num_ops factor interpolation seed data_format",
    "RandomBrightness": "factor value_range seed",
    "RandomColorDegeneration": _RANGE,
    "RandomColorJitter": (
        "value_range brightness_factor contrast_factor saturation_factor hue_factor seed data_format"
    ),
    "RandomElasticTransform": "factor scale interpolation fill_mode fill_value value_range seed data_format",
    "RandomErasing": "factor scale fill_value value_range seed data_format",
    "RandomFlip": "mode seed data_format",
    "RandomGaussianBlur": "factor kernel_size sigma value_range data_format seed",
    "RandomGrayscale": "factor data_format seed",
    "RandomHue": _RANGE,
    "RandomInvert": "factor value_range seed data_format",
    "RandomPerspective": "factor scale interpolation fill_value seed data_format",
    "RandomPosterization": _RANGE,
    "RandomRotation": "factor fill_mode interpolation seed fill_value data_format",
    "RandomSaturation": _RANGE,
    "RandomSharpness": _RANGE,
    "RandomShear": "x_factor y_factor interpolation fill_mode fill_value data_format seed",
    "RandomTranslation": "height_factor width_factor fill_mode interpolation seed fill_value data_format",
    "RandomZoom": "height_factor width_factor fill_mode interpolation seed fill_value data_format",
    "Rescaling": "scale offset",
    "Solarization": "addition_factor threshold_factor value_range seed",
}

ROWS: dict[str, LayerRow] = {
    **{name: row(parameters, same) for name, parameters in _AUGMENTATIONS.items()},
    "CategoryEncoding": row("num_tokens output_mode sparse", _category_encoding),
    "Discretization": row(
        "bin_boundaries num_bins epsilon output_mode sparse dtype name",
        _discretization,
        keras2="bin_boundaries num_bins epsilon output_mode sparse",
    ),
    "HashedCrossing": row(
        "num_bins output_mode sparse name dtype", _hashed_crossing, keras2="num_bins output_mode sparse"
    ),
    "Hashing": row("num_bins mask_value salt output_mode sparse", _hashing),
    "IntegerLookup": row(
        "max_tokens num_oov_indices mask_token oov_token vocabulary vocabulary_dtype idf_weights invert "
        "output_mode sparse pad_to_max_tokens oov_method salt name",
        _lookup,
    ),
    "MaxNumBoundingBoxes": row("max_number fill_value", opaque),
    "MelSpectrogram": row(
        "fft_length sequence_stride sequence_length window sampling_rate num_mel_bins min_freq max_freq "
        "power_to_db top_db mag_exp min_power ref_power",
        _mel_spectrogram,
    ),
    "RandomContrast": row("factor value_range seed", same, keras2="factor seed"),
    "STFTSpectrogram": row(
        "mode frame_length frame_step fft_length window periodic scaling padding expand_dims data_format",
        _stft_spectrogram,
    ),
    "StringLookup": row(
        "max_tokens num_oov_indices mask_token oov_token vocabulary idf_weights invert output_mode "
        "pad_to_max_tokens sparse encoding name salt",
        _lookup,
        keras2="max_tokens num_oov_indices mask_token oov_token vocabulary idf_weights encoding invert "
        "output_mode sparse pad_to_max_tokens",
    ),
    "TextVectorization": row(
        "max_tokens standardize split ngrams output_mode output_sequence_length pad_to_max_tokens vocabulary "
        "idf_weights sparse ragged encoding name",
        _text_vectorization,
    ),
}
