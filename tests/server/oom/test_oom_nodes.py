"""Layers in the paths of graph nodes."""

from __future__ import annotations

import inspect

import pytest
from keras_memlint.server.oom.nodes import class_names, snake


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("model/conv2d_3/Conv2D", "conv2d"),
        ("gradient_tape/model/conv2d_3/Conv2D/Conv2DBackpropInput", "conv2d"),
        ("functional_1/max_pooling2d_1_1/MaxPool", "max_pooling2d"),
        ("StatefulPartitionedCall/sequential/dense/MatMul", "dense"),
    ],
)
def test_classes(node: str, name: str) -> None:
    assert name in class_names(node)


def test_operation_is_no_layer() -> None:
    assert class_names("model/x/Conv2D") == {"model", "x"}
    assert class_names("Relu") == class_names("") == frozenset()


def test_names_as_keras_gives_them() -> None:
    keras = pytest.importorskip("keras")
    own = pytest.importorskip("keras.src.utils.naming").to_snake_case
    names = [name for name, value in vars(keras.layers).items() if inspect.isclass(value)]
    assert len(names) > 100
    assert [snake(name) for name in names] == [own(name) for name in names]
