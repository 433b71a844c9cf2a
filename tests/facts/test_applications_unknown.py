"""Sizes of whole applications are never guessed, and odd arguments never raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_memlint.analysis.facts.applications import APPLICATIONS, application
from keras_memlint.analysis.interpret.layers import UNKNOWN, Shape

NO_TOP: dict[str, object] = {"include_top": False}

# Arguments, input, output, whether parameters are known, whether activations are.
PARTLY_KNOWN: list[tuple[str, dict[str, object], Shape, Shape, bool, bool]] = [
    ("ResNet50", {}, (None, 224, 224, 3), (None, 1000), True, True),
    ("ResNet50", NO_TOP, (None, None, None, 3), (None, None, None, 2048), True, False),
    ("ResNet50", {"include_top": UNKNOWN}, (None, None, None, 3), None, False, False),
    ("ResNet50", {**NO_TOP, "pooling": UNKNOWN}, (None, None, None, 3), None, True, False),
    (
        "ResNet50",
        {**NO_TOP, "input_shape": UNKNOWN},
        (None, None, None, 3),
        (None, None, None, 2048),
        True,
        False,
    ),
    (
        "ResNet50",
        {**NO_TOP, "input_shape": UNKNOWN, "weights": None},
        (None,) * 4,
        (None, None, None, 2048),
        False,
        False,
    ),
    (
        "ResNet50",
        {**NO_TOP, "input_shape": (96, UNKNOWN, 3)},
        (None, 96, None, 3),
        (None, 3, None, 2048),
        True,
        False,
    ),
    (
        "ResNet50",
        {**NO_TOP, "input_tensor": UNKNOWN},
        (None, None, None, 3),
        (None, None, None, 2048),
        True,
        False,
    ),
    (
        "ResNet50",
        {**NO_TOP, "input_tensor": (8, 64, 64, 3)},
        (None, 64, 64, 3),
        (None, 2, 2, 2048),
        True,
        True,
    ),
    ("ResNet50", {"classes": UNKNOWN, "weights": UNKNOWN}, (None, 224, 224, 3), (None, None), False, False),
    ("ResNet50", {"backbone": 3}, None, None, False, False),
    ("MobileNet", {"alpha": UNKNOWN}, (None, 224, 224, 3), None, False, False),
    ("MobileNet", {"alpha": 0.37, "weights": None}, (None, 224, 224, 3), None, False, False),
    ("MobileNet", {"depth_multiplier": 2}, (None, 224, 224, 3), None, False, False),
    ("MobileNetV3Large", {}, (None, None, None, 3), (None, 1000), True, False),
    ("NASNetLarge", NO_TOP, (None, None, None, 3), (None, None, None, 4032), False, False),
    ("VGG16", {**NO_TOP, "input_shape": (20, 20, 3)}, (None, 20, 20, 3), (None, None, None, 512), True, True),
]


@pytest.mark.parametrize(("name", "config", "inputs", "output", "parameters", "activations"), PARTLY_KNOWN)
def test_only_what_is_sure(
    name: str, config: dict[str, object], inputs: Shape, output: Shape, parameters: bool, activations: bool
) -> None:
    size = application(name, config)
    assert size is not None
    assert (size.input, size.output) == (inputs, output)
    assert (size.parameters is not None, size.activations is not None) == (parameters, activations)
    assert (size.trainable_parameters is None) == (size.parameters is None)


def test_the_top_of_vgg_grows_with_the_image() -> None:
    small, large = (application("VGG16", {"weights": None, "input_shape": (n, n, 3)}) for n in (64, 128))
    assert small is not None
    assert large is not None
    assert small.parameters is not None
    assert large.parameters == small.parameters + (16 - 4) * 512 * 4096


def test_other_names_are_no_application() -> None:
    assert application("ResNet51", {}) is None


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(),
    st.sampled_from(["imagenet", "avg", "max", "weights.h5"]),
    st.just(UNKNOWN),
    st.lists(st.one_of(st.none(), st.integers(-1, 300), st.text(max_size=2)), max_size=5).map(tuple),
)


@settings(max_examples=800, deadline=None)
@given(st.data())
def test_no_argument_raises(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(APPLICATIONS)))
    config = data.draw(st.dictionaries(st.sampled_from(APPLICATIONS[name].params), VALUES))
    size = application(name, config)
    assert size is not None
    for number in (size.parameters, size.trainable_parameters, size.activations, *(size.output or ())):
        assert number is None or (isinstance(number, int) and number >= 0)
