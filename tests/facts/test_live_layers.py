"""The layer tables against real Keras: signatures, and sizes of layers that are really built."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

import keras
import pytest
from keras_memlint.analysis.facts.keras_layers import QUANTIZED
from keras_memlint.analysis.interpret.layers import LAYER_SIGNATURES, LayerSpec, infer

CASES = runpy.run_path(str(Path(__file__).with_name("layer_cases.py")))["CASES"]
RUNNABLE = [case for case in CASES if not case[0].endswith("Cell")]
NOT_LAYERS = {"InputSpec", "Layer"}
CLASSES = sorted(
    name for name, kind in vars(keras.layers).items() if inspect.isclass(kind) and name not in NOT_LAYERS
)


def _real(value: object) -> object:
    """Layers from their descriptions, wherever they are."""
    if isinstance(value, LayerSpec):
        return getattr(keras.layers, value.name)(**{key: _real(v) for key, v in value.config.items()})
    return [_real(v) for v in value] if isinstance(value, list) else value


def _called(name: str, layer: keras.layers.Layer, inputs: list[keras.KerasTensor]) -> list[object]:
    """All outputs of the layer; those of a cell are its output and its states."""
    if name.endswith("Cell"):
        states = layer.get_initial_state(batch_size=1)
        layer.build(inputs[0].shape)
        return [keras.KerasTensor((inputs[0].shape[0], states[0].shape[1]))]
    if name in ("MultiHeadAttention", "GroupQueryAttention"):
        output = layer(*inputs)
    else:
        output = layer(inputs if len(inputs) > 1 else inputs[0])
    return list(output) if isinstance(output, (tuple, list)) else [output]


@pytest.mark.parametrize(
    ("name", "config", "shapes"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_sizes_agree_with_keras(
    name: str, config: dict[str, object], shapes: list[tuple[int | None, ...]]
) -> None:
    inputs = [keras.KerasTensor(shape) for shape in shapes]
    layer = _real(LayerSpec(name, config))
    outputs = _called(name, layer, inputs)

    size = infer(name, config, shapes)

    assert size is not None
    if name != "EinsumDense":  # Keras itself loses or swaps its dimensions; the real run below decides
        assert [size.output, *size.more] == [tuple(output.shape) for output in outputs]
    assert size.parameters == layer.count_params()
    trainable = sum(weight.value.shape.num_elements() for weight in layer.trainable_weights)
    assert size.trainable_parameters == trainable


@pytest.mark.parametrize(
    ("name", "config", "shapes"), RUNNABLE, ids=[f"{c[0]}-{i}" for i, c in enumerate(RUNNABLE)]
)
def test_shapes_agree_with_a_real_run(
    name: str, config: dict[str, object], shapes: list[tuple[int | None, ...]]
) -> None:
    known = [tuple(4 if dim is None else dim for dim in shape) for shape in shapes]
    arrays = [keras.ops.ones(shape, dtype="int32" if "Lookup" in name else "float32") for shape in known]
    outputs = _called(name, _real(LayerSpec(name, config)), arrays)

    size = infer(name, config, known)

    assert size is not None
    assert [size.output, *size.more] == [tuple(output.shape) for output in outputs]


@pytest.mark.parametrize("name", CLASSES)
def test_signature_is_that_of_keras(name: str) -> None:
    parameters = list(inspect.signature(getattr(keras.layers, name).__init__).parameters.values())[1:]
    positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    assert LAYER_SIGNATURES[name] == positional


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_has_a_row(name: str) -> None:
    assert infer(name, {}, [(None, 4)]) is not None


@pytest.mark.parametrize("modes", [{}, {"batch_size": 8}], ids=str)
def test_input(modes: dict[str, int]) -> None:
    config = {"shape": (28, 28, 1), **modes}
    size = infer("Input", config, [])
    assert size is not None
    assert size.output == tuple(keras.Input(**config).shape)


def test_text_vectorization_gives_the_shape_it_is_told() -> None:
    vocabulary = ["a", "b"]
    for config, shape in (
        ({"output_sequence_length": 7}, (3,)),
        ({"output_sequence_length": 7}, (3, 1)),
        ({"output_mode": "multi_hot", "max_tokens": 20, "pad_to_max_tokens": True}, (3,)),
    ):
        layer = keras.layers.TextVectorization(vocabulary=vocabulary, **config)
        text = ["a b", "b", "a"] if len(shape) == 1 else [["a b"], ["b"], ["a"]]
        size = infer("TextVectorization", config, [shape])
        assert size is not None
        assert size.output == tuple(layer(text).shape)


def test_layers_that_are_quantized_are_those_of_keras() -> None:
    classes = {name: one for name, one in vars(keras.layers).items() if inspect.isclass(one)}
    base = keras.layers.Layer.quantize
    assert {name for name, one in classes.items() if getattr(one, "quantize", base) is not base} == QUANTIZED
