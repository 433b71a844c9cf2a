"""What is said to have ended with a version of Keras, against the Keras 3 and Keras 2 that are installed."""

from __future__ import annotations

import contextlib
import importlib

import keras
import pytest
from keras_memlint.analysis.facts.keras_modules import (
    LAST_METHODS,
    LAST_MODULES,
    OLD_CHECKPOINT_ARGUMENT,
    OLD_OPTIMIZER_ARGUMENTS,
    last_keras,
)

MODULES = [root + name for _, root, names in LAST_MODULES for name in names]


@pytest.mark.parametrize("dotted", MODULES)
def test_gone_from_keras_3(dotted: str) -> None:
    """Neither a module, nor a name of one."""
    module, _, name = dotted.rpartition(".")
    with pytest.raises(ImportError):
        importlib.import_module(dotted)
    with contextlib.suppress(ImportError):
        assert not hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    "dotted", ["keras.layers", "keras.datasets.mnist", "keras.applications.resnet50.ResNet50"]
)
def test_still_there(dotted: str) -> None:
    assert last_keras(dotted) is None


def test_the_oldest_bound_counts() -> None:
    assert last_keras("keras.layers.normalization") == (2, 12)
    assert last_keras("keras.layers.normalization.BatchNormalization") == (2, 4)
    assert last_keras("keras.layers.normalization.batch_normalization.BatchNormalization") == (2, 12)


@pytest.mark.parametrize(("name", "last"), LAST_METHODS.items())
def test_methods(name: str, last: tuple[int, int]) -> None:
    """The newest Keras 2 has those that are said to have lasted so long."""
    method = name.rpartition(".")[2]
    assert not hasattr(keras.Sequential, method)
    keras_2 = pytest.importorskip("tf_keras", reason="tf_keras (extra legacy-keras) is not installed")
    assert hasattr(keras_2.Sequential, method) == (last == (2, 15))


@pytest.mark.parametrize("argument", sorted(OLD_OPTIMIZER_ARGUMENTS))
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Nadam"])
def test_optimizers_of_keras_3_raise(name: str, argument: str) -> None:
    with pytest.raises(ValueError, match="not recognized"):
        getattr(keras.optimizers, name)(**{argument: 0.01})


def test_checkpoints_of_keras_3_raise() -> None:
    with pytest.raises(TypeError, match=OLD_CHECKPOINT_ARGUMENT):
        keras.callbacks.ModelCheckpoint("last.keras", **{OLD_CHECKPOINT_ARGUMENT: 1})
