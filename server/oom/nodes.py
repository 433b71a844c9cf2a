"""Which layer a node of TensorFlow's graph belongs to, told from its path."""

from __future__ import annotations

import re

from keras_memlint.analysis.abstract.networks import Use
from keras_memlint.analysis.abstract.values import const

_COUNTED = re.compile(r"(?:_\d+)+$")


def class_names(node: str) -> frozenset[str]:
    """The parts of ``gradient_tape/model/conv2d_3/Conv2D`` without their numbers: ``conv2d`` is among them."""
    return frozenset(_COUNTED.sub("", part) for part in node.split("/")[:-1])


def has_name(use: Use, node: str) -> bool:
    """Whether the script names the layer, and ``node`` is in it. Keras 3 puts numbers behind names, too."""
    name = const(use.layer.config.get("name"))
    parts = node.split("/")
    return isinstance(name, str) and any(part == name or _COUNTED.sub("", part) == name for part in parts)


def has_class(use: Use, node: str) -> bool:
    """Whether ``node`` is in a layer of the same class that has the name Keras gives by itself."""
    if use.layer.model is not None:
        return False
    return "name" not in use.layer.config and snake(use.layer.name.rpartition(".")[2]) in class_names(node)


def snake(name: str) -> str:
    """``separable_conv2d`` for ``SeparableConv2D``, as Keras names layers."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def is_inside(use: Use, node: str) -> bool:
    """Whether ``node`` is in a model of ``keras.applications`` that is a layer here."""
    model = use.layer.model
    if model is None or model.kind != "application":
        return False
    name = model.api.rpartition(".")[2].lower()
    return bool(name) and any(part.startswith(name) for part in node.lower().split("/"))
