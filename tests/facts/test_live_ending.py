"""What raises on every Keras does so on those that are installed, and what some Keras takes is not among it."""

from __future__ import annotations

import importlib
import inspect

import pytest
from keras_memlint.analysis.facts.ending import KEYWORDS, NO_MODULES, POSITIONS, RANKS
from keras_memlint.analysis.facts.tensorflow_1 import ALONE, TOGETHER


@pytest.mark.parametrize("package", ["keras", "tf_keras", "tensorflow.keras"])
def test_modules_that_no_keras_has(package: str) -> None:
    root, _, inner = package.partition(".")
    keras = pytest.importorskip(root)
    keras = getattr(keras, inner) if inner else keras
    for name in NO_MODULES:
        _, module, end = name.split(".")
        assert not end and not hasattr(keras, module)
        with pytest.raises(ImportError):
            importlib.import_module(f"{root}.{module}")


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize("method", ["compile", "fit"])
def test_misspelt_words_raise_and_real_ones_are_known(package: str, method: str) -> None:
    keras = pytest.importorskip(package)
    words = KEYWORDS[f"keras.Model.{method}"]
    parameters = inspect.signature(getattr(keras.Model, method)).parameters
    named = {name for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD} - {"self"}
    assert named <= words
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    given = {} if method == "compile" else {"x": [[1.0]], "y": [[1.0]]}
    with pytest.raises(TypeError):
        getattr(model, method)(**given, misspelt=1)


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_positions_of_parameters(package: str) -> None:
    keras = pytest.importorskip(package)
    for name, params in POSITIONS.items():
        method = getattr(
            keras.Model, name.rpartition(".")[2], None
        )  # `fit_generator` is gone from the newest
        if method is not None:
            assert tuple(inspect.signature(method).parameters)[1 : len(params) + 1] == params


@pytest.mark.parametrize("name", [*ALONE.split(), *TOGETHER.split()])
def test_names_of_tensorflow_1_alone(name: str) -> None:
    tf = pytest.importorskip("tensorflow")

    def has(owner: object) -> bool:
        for part in name.split("."):
            owner = getattr(owner, part, None)
        return owner is not None

    assert not has(tf)
    assert has(tf.compat.v1) or name == "contrib"


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize("name", RANKS)
def test_layers_refuse_fewer_axes(package: str, name: str) -> None:
    keras = pytest.importorskip(package)
    words = {
        "Conv": (1, 1),
        "Sepa": (1, 1),
        "Dept": (1,),
        "Aver": (2,),
        "LSTM": (1,),
        "GRU": (1,),
        "Simp": (1,),
    }
    given = words.get(name[:4], ())
    for axes in range(1, RANKS[name]):
        with pytest.raises(ValueError):
            getattr(keras.layers, name)(*given)(keras.Input((8,) * (axes - 1)))
    getattr(keras.layers, name)(*given)(keras.Input((8,) * (RANKS[name] - 1)))
