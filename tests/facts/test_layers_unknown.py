"""Layer sizes are never guessed: what is not known stays unknown, and odd input never raises."""

from __future__ import annotations

import copy
import pickle
import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.facts.keras_layers import LAYERS
from keras_memlint.analysis.interpret.layers import (
    LAYER_FUNCTIONS,
    LAYER_SIGNATURES,
    UNKNOWN,
    UNSIZED,
    LayerSize,
    LayerSpec,
    Shape,
    bind,
    declared_input,
    infer,
)

CASES = runpy.run_path(str(Path(__file__).with_name("layer_cases.py")))["CASES"]
IDS = [f"{case[0]}-{i}" for i, case in enumerate(CASES)]
Case = tuple[str, dict[str, object], list[Shape]]


def _dim_is_vaguer(vague: int | None, sure: int | None) -> bool:
    return vague is None or vague == sure


def _shape_is_vaguer(vague: Shape, sure: Shape) -> bool:
    if vague is None or sure is None:
        return vague is None
    return len(vague) == len(sure) and all(map(_dim_is_vaguer, vague, sure))


def _is_vaguer(vague: LayerSize | None, sure: LayerSize | None) -> bool:
    """Whether ``vague`` says nothing that ``sure`` does not say too."""
    assert vague is not None
    assert sure is not None
    if vague.output is not None and not (
        len(vague.more) == len(sure.more) and all(map(_shape_is_vaguer, vague.more, sure.more))
    ):
        return False
    return _shape_is_vaguer(vague.output, sure.output) and all(map(_dim_is_vaguer, vague[1:4], sure[1:4]))


@pytest.mark.parametrize(("name", "config", "shapes"), CASES, ids=IDS)
def test_unknown_argument_agrees_with_every_value(
    name: str, config: dict[str, object], shapes: list[Shape]
) -> None:
    for key in config:
        vague = infer(name, {**config, key: UNKNOWN}, shapes)
        assert _is_vaguer(vague, infer(name, config, shapes)), key
        default = infer(name, {k: v for k, v in config.items() if k != key}, shapes)
        if default is not None and None not in default[:3]:
            assert _is_vaguer(vague, default), f"{key} left out"


@pytest.mark.parametrize(("name", "config", "shapes"), CASES, ids=IDS)
def test_unknown_entry_of_a_tuple_is_an_unknown_dimension(
    name: str, config: dict[str, object], shapes: list[Shape]
) -> None:
    sure = infer(name, config, shapes)
    for key, value in config.items():
        if isinstance(value, (tuple, list)) and all(isinstance(part, int) for part in value):
            for i in range(len(value)):
                parts = tuple(UNKNOWN if i == j else part for j, part in enumerate(value))
                assert _is_vaguer(infer(name, {**config, key: parts}, shapes), sure), (key, i)


@pytest.mark.parametrize(("name", "config", "shapes"), CASES, ids=IDS)
def test_unknown_input_says_no_more_than_a_known_one(
    name: str, config: dict[str, object], shapes: list[Shape]
) -> None:
    sure = infer(name, config, shapes)
    for i, shape in enumerate(shapes):
        assert shape is not None
        replacements: list[Shape] = [None]
        replacements += [tuple(None if k == j else d for k, d in enumerate(shape)) for j in range(len(shape))]
        for replaced in replacements:
            inputs = [replaced if i == j else other for j, other in enumerate(shapes)]
            assert _is_vaguer(infer(name, config, inputs), sure), replaced


PARTLY_KNOWN: list[tuple[str, dict[str, object], list[Shape], Shape, int | None]] = [
    ("Dense", {"units": UNKNOWN}, [(None, 8)], (None, None), None),
    ("Dense", {"units": 4, "use_bias": UNKNOWN}, [(None, 8)], (None, 4), None),
    ("Dense", {"units": 4, "activation": UNKNOWN}, [(None, 8)], (None, 4), 36),
    ("Dense", {"units": 4}, [None], None, None),
    ("Conv2D", {"filters": UNKNOWN, "kernel_size": 3}, [(None, 9, 9, 3)], (None, 7, 7, None), None),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, [None], (None, None, None, 4), None),
    (
        "Conv2D",
        {"filters": 4, "kernel_size": 3, "data_format": UNKNOWN},
        [(None, 9, 9, 3)],
        (None,) * 4,
        None,
    ),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": UNKNOWN}, [(1, 9, 9, 3)], (1, None, None, 4), 112),
    ("Flatten", {}, [(None, None, 7, 3)], (None, None), 0),
    ("Flatten", {}, [None], (None, None), 0),
    ("LSTM", {"units": 4, "return_sequences": UNKNOWN}, [(None, 5, 3)], None, 128),
    ("Embedding", {"input_dim": UNKNOWN, "output_dim": 4}, [(None, 9)], (None, 9, 4), None),
    ("Embedding", {"input_dim": 10, "output_dim": 4, "input_length": 9}, [None], (None, 9, 4), 40),
    ("Concatenate", {}, [(None, 7, 7, 3), None], (None, 7, 7, None), 0),
    ("Bidirectional", {"layer": UNKNOWN}, [(None, 5, 3)], None, None),
    ("TimeDistributed", {"layer": LayerSpec("MyLayer", {})}, [(None, 5, 3)], None, None),
    ("Lambda", {"function": UNKNOWN}, [(None, 5, 3)], None, 0),
]


@pytest.mark.parametrize(("name", "config", "inputs", "output", "parameters"), PARTLY_KNOWN)
def test_what_can_be_known_is_known(
    name: str, config: dict[str, object], inputs: list[Shape], output: Shape, parameters: int | None
) -> None:
    size = infer(name, config, inputs)
    assert size is not None
    assert (size.output, size.parameters) == (output, parameters)


WRONG: list[tuple[str, dict[str, object], list[Shape]]] = [
    ("Dense", {"units": -4}, [(None, 8)]),
    ("Dense", {"units": "many"}, [(None, 8)]),
    ("Dense", {"units": True}, [(None, 8)]),
    ("Dense", {"units": 4.5}, [(None, 8)]),
    ("Dense", {}, [(None, 8)]),
    ("Dense", {"units": 4}, []),
    ("Dense", {"units": 4}, [(None,)]),
    ("Conv2D", {"filters": 8, "kernel_size": -3}, [(None, 9, 9, 3)]),
    ("Conv2D", {"filters": 8, "kernel_size": (3, 3, 3)}, [(None, 9, 9, 3)]),
    ("Conv2D", {"filters": 8, "kernel_size": 3, "groups": 2}, [(None, 9, 9, 3)]),
    ("Conv2D", {"filters": 8, "kernel_size": 3}, [(None, 9, 3)]),
    ("Conv2D", {"filters": 8, "kernel_size": None}, [(None, 9, 9, 3)]),
    ("Conv2D", {"nb_filter": 8, "kernel_size": 3}, [(None, 9, 9, 3)]),
    ("LSTM", {"units": [4]}, [(None, 9, 3)]),
    ("LSTM", {"units": 4}, [(None, 9)]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 0}, [(None, 9, 3), (None, 9, 3)]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, [(None, 9, 3)]),
    ("EinsumDense", {"equation": "no equation", "output_shape": 4}, [(None, 9)]),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": (4, 4)}, [(None, 9)]),
]


@pytest.mark.parametrize(("name", "config", "inputs"), WRONG)
def test_impossible_layers_have_unknown_parameters(
    name: str, config: dict[str, object], inputs: list[Shape]
) -> None:
    size = infer(name, config, inputs)
    assert size is not None
    assert size.parameters is None
    assert size.trainable_parameters is None


@pytest.mark.parametrize("key", ["kernel_sizes", "**", "*"])
def test_an_argument_the_layer_does_not_take_makes_all_unknown(key: str) -> None:
    assert infer("Conv2D", {"filters": 8, "kernel_size": 3, key: UNKNOWN}, [(None, 9, 9, 3)]) == UNSIZED


def test_a_layer_of_no_library_is_not_sized() -> None:
    assert infer("MyLayer", {"units": 3}, [(None, 8)]) is None
    assert infer("", {}, []) is None


def test_endless_nesting_is_unknown() -> None:
    nested = LayerSpec("Dense", {"units": 4})
    for _ in range(5000):
        nested = LayerSpec("TimeDistributed", {"layer": nested})
    size = infer(nested.name, nested.config, [(None,) * 5005])
    assert size is not None
    assert size.parameters is None


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["same", "valid", "channels_first", "int", "one_hot", "concat", "ab,bc->ac", "...x,xy->...y"]
    ),
    st.just(UNKNOWN),
    st.binary(max_size=3),
    st.builds(object),
)
SPECS = st.builds(
    LayerSpec,
    st.sampled_from(["Dense", "LSTM", "GRUCell", "Conv2D", "Embedding", "Nothing"]),
    st.dictionaries(st.sampled_from(["units", "filters", "kernel_size", "cells"]), SCALARS, max_size=3),
)
VALUES = st.recursive(
    st.one_of(SCALARS, SPECS), lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8
)
SHAPES = st.lists(
    st.one_of(
        st.none(), st.lists(st.one_of(st.none(), st.integers(-1, 64), st.just("?")), max_size=6).map(tuple)
    ),
    max_size=4,
)


@st.composite
def _calls(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    name = draw(st.sampled_from(sorted(LAYERS)))
    accepted = sorted(LAYERS[name].accepts) + ["trainable", "input_shape", "input_length"]
    return name, draw(st.dictionaries(st.sampled_from(accepted), VALUES, max_size=6))


@settings(max_examples=1500, deadline=None)
@given(_calls(), SHAPES)
def test_no_input_raises(call: tuple[str, dict[str, object]], shapes: list[Shape]) -> None:
    size = infer(*call, shapes)
    assert size is not None
    for dim in (*(size.output or ()), size.parameters, size.trainable_parameters, size.stored):
        assert dim is None or (isinstance(dim, int) and dim >= 0)
    declared_input(*call)


def test_positional_arguments_are_bound_by_version() -> None:
    assert bind("Conv2D", [32, 3], {"padding": "same"}) == {
        "filters": 32,
        "kernel_size": 3,
        "padding": "same",
    }
    assert bind("Convolution2D", [32, (3, 3)], {}) == {"filters": 32, "kernel_size": (3, 3)}
    new, old = bind("Embedding", [9, 4, "uniform", None, "x"], {}), None
    old = bind("Embedding", [9, 4, "uniform", None, "x"], {}, keras2=True)
    assert new is not None
    assert old is not None
    assert ("embeddings_constraint" in new, "activity_regularizer" in old) == (True, True)


def test_calls_that_python_refuses_are_not_bound() -> None:
    assert bind("Flatten", ["channels_last", 3], {}) is None
    assert bind("Dense", [3], {"units": 4}) is None
    assert bind("MyLayer", [3], {}) is None


DECLARED: list[tuple[str, dict[str, object], Shape]] = [
    ("Conv2D", {"input_shape": (28, 28, 1)}, (None, 28, 28, 1)),
    ("Conv2D", {"input_shape": [28, UNKNOWN, 1], "batch_size": 4}, (4, 28, None, 1)),
    ("LSTM", {"batch_input_shape": (1, None, 7)}, (1, None, 7)),
    ("Dense", {"input_dim": 8}, (None, 8)),
    ("LSTM", {"input_dim": 8, "input_length": 20}, (None, 20, 8)),
    ("GRU", {"input_dim": 8}, (None, None, 8)),
    ("Embedding", {"input_dim": 1000, "output_dim": 8, "input_length": 20}, (None, 20)),
    ("Embedding", {"input_dim": 1000, "output_dim": 8}, None),
    ("Dense", {"input_shape": UNKNOWN}, None),
    ("Dense", {"units": 8}, None),
]


@pytest.mark.parametrize(("name", "config", "shape"), DECLARED)
def test_a_first_layer_declares_its_input(name: str, config: dict[str, object], shape: Shape) -> None:
    assert declared_input(name, config) == shape


def test_views_keep_nothing_and_attention_keeps_its_scores() -> None:
    image, sequence = [(None, 7, 7, 2048)], [(None, 1024, 64)] * 2
    flat = infer("Flatten", {}, image)
    heads = infer("MultiHeadAttention", {"num_heads": 8, "key_dim": 64}, sequence)
    assert flat is not None
    assert heads is not None
    assert flat.stored == 0
    assert heads.stored is not None
    scores = 2 * 8 * 1024 * 1024
    assert scores < heads.stored < 1.25 * scores


def test_recurrent_layers_keep_every_step() -> None:
    short, long = (infer("LSTM", {"units": 8}, [(None, steps, 3)]) for steps in (10, 20))
    assert short is not None
    assert long is not None
    assert short.stored is not None
    assert long.stored == short.stored + 10 * 6 * 8
    assert infer("LSTM", {"units": 8}, [(None, None, 3)])._replace(output=None).stored is None  # type: ignore[union-attr]


def test_functions_and_aliases_name_known_classes() -> None:
    assert set(LAYER_FUNCTIONS.values()) <= set(LAYER_SIGNATURES)
    assert infer("MaxPool2D", {}, [(None, 8, 8, 3)]) == infer("MaxPooling2D", {}, [(None, 8, 8, 3)])


def test_unknown_stays_one_object() -> None:
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert copy.deepcopy({"a": UNKNOWN})["a"] is UNKNOWN
