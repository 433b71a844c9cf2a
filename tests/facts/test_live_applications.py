"""The table of keras.applications against the models that real Keras builds.

Keras builds them without values (``StatelessScope``), so even the largest needs no memory for its weights.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator

import keras
import pytest
from keras_memlint.analysis.facts.applications import APPLICATIONS, LAYERS, ApplicationSize, application

MODELS = sorted(name for name, value in vars(keras.applications).items() if inspect.isfunction(value))
KERAS2_ONLY = ("RegNet", "ResNetRS")
# Of models that differ in depth and width alone one is built: each takes seconds, because of its many layers.
DEEPER = {
    "ConvNeXtBase": "ConvNeXtTiny",
    "ConvNeXtLarge": "ConvNeXtTiny",
    "ConvNeXtSmall": "ConvNeXtTiny",
    "DenseNet169": "DenseNet121",
    "DenseNet201": "DenseNet121",
    "EfficientNetB1": "EfficientNetB0",
    "EfficientNetB2": "EfficientNetB0",
    "EfficientNetB3": "EfficientNetB0",
    "EfficientNetB4": "EfficientNetB0",
    "EfficientNetB5": "EfficientNetB0",
    "EfficientNetB6": "EfficientNetB0",
    "EfficientNetB7": "EfficientNetB0",
    "EfficientNetV2B1": "EfficientNetV2B0",
    "EfficientNetV2B2": "EfficientNetV2B0",
    "EfficientNetV2B3": "EfficientNetV2B0",
    "EfficientNetV2L": "EfficientNetV2S",
    "EfficientNetV2M": "EfficientNetV2S",
    "InceptionResNetV2": "InceptionV3",
    "NASNetLarge": "NASNetMobile",
    "ResNet101": "ResNet50",
    "ResNet101V2": "ResNet50V2",
    "ResNet152": "ResNet50",
    "ResNet152V2": "ResNet50V2",
    "VGG19": "VGG16",
}
BUILT = [name for name in MODELS if name not in DEEPER]


def _build(name: str, config: dict[str, object]) -> keras.Model:
    keras.backend.clear_session()
    with keras.StatelessScope(initialize_variables=False):
        return getattr(keras.applications, name)(**{"weights": None, **config})


def _count(weights: list[keras.Variable]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _activations(model: keras.Model) -> int:
    return sum(
        math.prod(output.shape[1:])
        for layer in _leaves(model)
        for node in layer._inbound_nodes
        for output in node.output_tensors
    )


def _known(name: str, config: dict[str, object]) -> ApplicationSize:
    size = application(name, {"weights": None, **config})
    assert size is not None
    return size


def _assert_same(name: str, config: dict[str, object]) -> keras.Model:
    model, size = _build(name, config), _known(name, config)
    assert size.input == tuple(model.input_shape)
    assert size.output == tuple(model.output_shape)
    assert size.parameters == _count(model.weights)
    assert size.trainable_parameters == _count(model.trainable_weights)
    if size.largest is not None:
        assert size.largest == max(math.prod(weight.shape) for weight in model.weights)
    return model


@pytest.mark.parametrize("name", BUILT)
def test_features_at_the_default_size(name: str) -> None:
    size = APPLICATIONS[name].size
    config: dict[str, object] = {"include_top": False, "input_shape": (size, size, 3)}
    model = _assert_same(name, config)
    assert _known(name, config).activations == _activations(model)
    assert _known(name, config).largest is not None


@pytest.mark.parametrize(
    "name", ["ResNet50", "VGG16", "MobileNetV2", "EfficientNetB0", "InceptionV3", "MobileNet", "ConvNeXtTiny"]
)
def test_with_top(name: str) -> None:
    model = _assert_same(name, {})
    assert _known(name, {}).activations == pytest.approx(_activations(model), rel=0.005)
    if name in ("VGG16", "MobileNet", "MobileNetV2"):
        _assert_same(name, {"classes": 7, "input_shape": (96, 64, 3)})


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_layers_of_the_top_are_the_last(name: str) -> None:
    first, *others = _build(name, {}).layers
    assert isinstance(first, keras.layers.InputLayer)
    assert [layer.name for layer in others[LAYERS[name] :]] == ["flatten", "fc1", "fc2", "predictions"]


@pytest.mark.parametrize(
    "config",
    [
        {"alpha": 0.5},
        {"alpha": 0.25, "include_top": False, "input_shape": (160, 160, 3), "pooling": "max"},
        {"alpha": 0.75, "classes": 3, "input_shape": (128, 128, 3)},
    ],
    ids=str,
)
def test_narrow_mobilenet(config: dict[str, object]) -> None:
    _assert_same("MobileNet", config)


@pytest.mark.parametrize("alpha", [0.35, 0.5, 0.75, 1.3, 1.4])
def test_narrow_mobilenet_v2(alpha: float) -> None:
    _assert_same("MobileNetV2", {"alpha": alpha})


@pytest.mark.parametrize("name", ["MobileNetV3Small", "MobileNetV3Large"])
@pytest.mark.parametrize("config", [{"alpha": 0.75}, {"minimalistic": True}], ids=str)
def test_mobilenet_v3_has_no_default_size(name: str, config: dict[str, object]) -> None:
    _assert_same(name, config)
    _assert_same(name, {**config, "input_shape": (224, 224, 3), "classes": 5})


# Odd sizes tell the rules of down-sampling apart, and are the worst case of scaling the activations by area: every
# layer rounds its size up. Sizes that are multiples of 32 scale within 3 %.
KINDS = [
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionV3", "MobileNet"),
    *("MobileNetV2", "MobileNetV3Small", "NASNetMobile", "ResNet50", "ResNet50V2", "VGG16", "Xception"),
]


@pytest.mark.parametrize("name", KINDS)
def test_features_at_other_sizes(name: str) -> None:
    config: dict[str, object] = {"include_top": False, "input_shape": (97, 333, 1)}
    model = _assert_same(name, config)
    assert _known(name, config).activations == pytest.approx(_activations(model), rel=0.14)


@pytest.mark.parametrize(
    "name", ["DenseNet121", "InceptionV3", "MobileNetV3Small", "ResNet50V2", "VGG16", "Xception"]
)
def test_activations_scale_with_the_area(name: str) -> None:
    config: dict[str, object] = {"include_top": False, "input_shape": (160, 256, 3)}
    model = _assert_same(name, config)
    assert _known(name, config).activations == pytest.approx(_activations(model), rel=0.03)


def test_pooling_and_unknown_sizes() -> None:
    _assert_same("ResNet50", {"include_top": False})
    _assert_same("ResNet50", {"include_top": False, "pooling": "avg"})
    _assert_same("VGG16", {"include_top": False, "pooling": "max", "input_shape": (None, 64, 3)})


@pytest.mark.parametrize("name", MODELS)
def test_signature_is_that_of_keras(name: str) -> None:
    parameters = inspect.signature(getattr(keras.applications, name)).parameters.values()
    positional = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
    assert APPLICATIONS[name].params == positional


def test_table_is_complete() -> None:
    assert set(MODELS) == {name for name in APPLICATIONS if not name.startswith(KERAS2_ONLY)}


def test_left_out_models_differ_in_depth_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """They are built when the table changes, by adding them to BUILT; here only their names are held to account."""
    assert set(DEEPER) | set(BUILT) == set(MODELS)
    with capsys.disabled():
        print(f"\nnot built, as deep variants of another that is: {', '.join(sorted(DEEPER))}")
    for name, built in DEEPER.items():
        assert APPLICATIONS[name].family.feature is APPLICATIONS[built].family.feature
        assert APPLICATIONS[name].parameters > APPLICATIONS[built].parameters
