"""The tables against real Keras 2 (tf_keras) where it differs from Keras 3: signatures, removed layers, slots."""

from __future__ import annotations

import inspect
import math

import pytest
from keras_memlint.analysis.facts.applications import APPLICATIONS, application
from keras_memlint.analysis.facts.keras_layers import ALIASES, LAYERS
from keras_memlint.analysis.facts.optimizers import OPTIMIZERS, optimizer_slots
from keras_memlint.analysis.interpret.layers import infer

keras = pytest.importorskip("tf_keras", reason="tf_keras (extra legacy-keras) is not installed")

# Their constructors only pass keyword arguments on to the base class.
NOT_LAYERS = {"AbstractRNNCell", "InputSpec", "Layer", "Identity"}
CLASSES = sorted(
    name for name, kind in vars(keras.layers).items() if inspect.isclass(kind) and name not in NOT_LAYERS
)
OPTIMIZER_CLASSES = sorted(
    name for name, kind in vars(keras.optimizers).items() if inspect.isclass(kind) and name != "Optimizer"
)


def _positional(function: object) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self")


@pytest.mark.parametrize("name", CLASSES)
def test_positional_arguments_mean_the_same(name: str) -> None:
    """Keras 3 may take more arguments; as far as Keras 2 goes the order is the table's."""
    real = _positional(getattr(keras.layers, name).__init__)
    assert LAYERS[ALIASES.get(name, name)].keras2[: len(real)] == real


@pytest.mark.parametrize("name", OPTIMIZER_CLASSES)
def test_optimizer_arguments(name: str) -> None:
    assert OPTIMIZERS[name].keras2 == _positional(getattr(keras.optimizers, name).__init__)


@pytest.mark.parametrize("name", sorted(set(APPLICATIONS) & set(vars(keras.applications))))
def test_application_arguments(name: str) -> None:
    assert APPLICATIONS[name].keras2 == _positional(getattr(keras.applications, name))


def test_keras2_has_no_unknown_applications() -> None:
    functions = {name for name, value in vars(keras.applications).items() if inspect.isfunction(value)}
    assert functions <= set(APPLICATIONS)


REMOVED = [
    ("LocallyConnected1D", {"filters": 4, "kernel_size": 3}, (None, 10, 6)),
    ("LocallyConnected1D", {"filters": 4, "kernel_size": 3, "strides": 2, "use_bias": False}, (None, 10, 6)),
    ("LocallyConnected2D", {"filters": 4, "kernel_size": (3, 2)}, (None, 9, 8, 3)),
    ("RandomHeight", {"factor": 0.1}, (None, 9, 8, 3)),
    ("RandomWidth", {"factor": 0.1}, (None, 9, 8, 3)),
    ("ThresholdedReLU", {"theta": 0.5}, (None, 9)),
    ("Embedding", {"input_dim": 9, "output_dim": 4, "input_length": 5}, (None, 5)),
    ("LSTM", {"units": 4, "time_major": False, "return_sequences": True}, (None, 9, 3)),
    ("BatchNormalization", {"axis": [3]}, (None, 9, 8, 3)),
]


@pytest.mark.parametrize(("name", "config", "shape"), REMOVED, ids=lambda v: v if isinstance(v, str) else "")
def test_sizes_agree_with_keras2(name: str, config: dict[str, object], shape: tuple[int | None, ...]) -> None:
    layer = getattr(keras.layers, name)(**config)
    output = layer(keras.Input(shape[1:]))
    size = infer(name, config, [shape])
    assert size is not None
    assert size.output == tuple(output.shape)
    assert size.parameters == layer.count_params()
    assert size.trainable_parameters == sum(math.prod(w.shape) for w in layer.trainable_weights)


@pytest.mark.parametrize(("kind", "own"), [("CuDNNLSTM", "cudnn_lstm"), ("CuDNNGRU", "cudnn_gru")])
def test_layers_of_the_first_gpus(kind: str, own: str) -> None:
    module = pytest.importorskip(f"tf_keras.src.layers.rnn.{own}")
    layer = getattr(module, kind)(5)
    layer.build((None, 9, 3))
    size = infer(kind, {"units": 5}, [(None, 9, 3)])
    assert size is not None
    assert size.parameters == layer.count_params()


@pytest.mark.parametrize("name", OPTIMIZER_CLASSES)
@pytest.mark.parametrize("config", [{}, {"momentum": 0.9}, {"use_ema": True}, {"amsgrad": True}], ids=str)
def test_slots_are_what_keras2_allocates(name: str, config: dict[str, object]) -> None:
    parameters = _positional(getattr(keras.optimizers, name).__init__)
    used = {key: value for key, value in config.items() if key in parameters}
    weight = keras.backend.variable(keras.backend.zeros((512, 512)), name=f"{name}_weight")
    optimizer = getattr(keras.optimizers, name)(**used)
    optimizer.build([weight])
    real = sum(math.prod(variable.shape) for variable in optimizer.variables) / 512**2
    assert optimizer_slots(name, used, keras2=True) == round(real)


@pytest.mark.parametrize("name", ["RegNetX002", "RegNetY002", "ResNetRS50", "MobileNetV3Small"])
def test_models_of_keras2(name: str) -> None:
    """The small ones of the families that only Keras 2 has; the others were measured once, by the same comparison."""
    keras.backend.clear_session()
    config = {"weights": None, "include_top": False, "input_shape": (97, 130, 3), "pooling": "avg"}
    model = getattr(keras.applications, name)(**config)
    size = application(name, config)
    assert size is not None
    assert size.output == tuple(model.output_shape)
    assert size.parameters == model.count_params()
