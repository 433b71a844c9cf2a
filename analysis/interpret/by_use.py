"""What an object that nobody knows must be, as its methods are used: a Keras model, or a pipeline of tf.data."""

from __future__ import annotations

import re
from collections.abc import Iterable

from keras_memlint.analysis.abstract.calls import Given
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Bound,
    Const,
    Dataset,
    Dict,
    Instance,
    Items,
    Scalar,
    UnknownValue,
    Value,
)
from keras_memlint.analysis.facts.library import FACTS
from keras_memlint.analysis.syntax import tree

# What gives a method away as Keras's: keyword arguments of ``fit`` and of ``predict``, or its name.
_KERAS_ONLY = frozenset(
    [
        "epochs",
        "nb_epoch",
        "validation_data",
        "validation_split",
        "callbacks",
        "steps_per_epoch",
        "initial_epoch",
        "class_weight",
        "validation_steps",
    ]
)
_MODEL_ONLY = frozenset(
    ["predict_generator", "evaluate_generator", "train_on_batch", "predict_on_batch", "test_on_batch"]
)
_PREDICT_ONLY = frozenset(["batch_size", "steps"])
_IMAGE = 3  # axes of one image, which others than networks take, too
# Names of networks. What is called otherwise may be any detector or session that is given a batch of images.
_NETWORK = re.compile(
    r"model|net(?:work)?s?(?:$|_|\d)|cnn|rnn|lstm|encoder|generator|discriminator|critic|extractor|(?<![a-z])actor",
    re.IGNORECASE,
)
# What gives a pipeline away: keyword arguments that only tf.data's methods have, or two of its methods in a row. One
# of these must be given a size, as those of Hugging Face's are not.
_DATA_KEYWORDS = frozenset(["drop_remainder", "num_parallel_calls", "reshuffle_each_iteration"])
_SIZED = {"batch": "batch_size", "prefetch": "buffer_size", "shuffle": "buffer_size"}
_OTHER_PIPELINES = frozenset(["datasets", "grain", "ray", "torch", "torchdata", "webdataset"])
_LINKS = frozenset(["cache", "map", "repeat", "take"])


def receiver(name: str, given: Given, own: Value) -> Model | Dataset | None:
    """What has the method ``name``, as it is ``given`` what only a model's or a pipeline's takes; None where others may.

    ``own`` is the ``self`` of the method that the call stands in.
    """
    if _is_of_model(name, given, own):
        return Model("unknown", complete=False)
    return Dataset("unknown") if _is_of_dataset(name, given) else None


def may_be_tf_data(imported: Iterable[str]) -> bool:
    """Whether a script that has ``imported`` modules of these names knows tf.data, and no library whose pipelines have the
    same methods.
    """
    libraries = {name.partition(".")[0] for name in imported}
    return "tensorflow" in libraries and libraries.isdisjoint(_OTHER_PIPELINES)


def is_unknown(value: Value) -> bool:
    """Whether nothing is known of ``value``, nor of what it is an attribute of."""
    while isinstance(value, Bound):
        value = value.receiver
    return isinstance(value, UnknownValue)


def _is_of_model(name: str, given: Given, own: Value) -> bool:
    """Whether it is a Keras model's method."""
    if name in ("fit", "fit_generator") and not _KERAS_ONLY.isdisjoint(given.kwargs):
        return True
    if name in ("evaluate", "predict", "fit") and given.args and isinstance(given.args[0], Dataset):
        return True
    if name == "predict":
        counts = bool(given.args) and isinstance(given.args[0], (Const, Scalar))
        if not counts and (not _PREDICT_ONLY.isdisjoint(given.kwargs) or _is_verbose(given)):
            return True
        return _is_network_input(given, own)
    return name in _MODEL_ONLY


def _is_network_input(given: Given, own: Value) -> bool:
    """Whether the first argument can only be meant for a network: images or sequences, a tensor, or several arrays.

    Any array is where Keras's own class calls the method: a callback, say.
    """
    x = given.args[0] if given.args else UNKNOWN
    if isinstance(x, Dict):
        return any(isinstance(one, Array) for one in x.entries.values())  # inputs by name
    if isinstance(x, Items) and x.kind == "list" and x.items is not None:
        several = len(x.items) > 1 and all(isinstance(one, Array) for one in x.items)
        return several or (len(x.items) > 1 and any(map(_is_table, x.items)))
    if isinstance(x, Array) and x.kind == "tensor":
        return True
    if not isinstance(x, Array) or x.kind != "ndarray":
        return False
    base = own.cls.api_base() if isinstance(own, Instance) else None
    shape = x.shape or ()
    if (base or "").startswith("keras."):
        return True
    owner = given.node.func.value if isinstance(given.node.func, tree.Attribute) else given.node
    batch = len(shape) > _IMAGE or (len(shape) == _IMAGE and shape[0] == 1)
    return batch and _NETWORK.search(tree.last_name(owner)) is not None


def _is_verbose(given: Given) -> bool:
    """Whether it is told by a number how much to say, as Keras alone takes it."""
    said = given.kwargs.get("verbose")
    return isinstance(said, Const) and isinstance(said.value, int) and not isinstance(said.value, bool)


def _is_table(value: Value) -> bool:
    """Whether it is an array of two or more axes, a list of which is more than others than networks take."""
    return isinstance(value, Array) and value.kind in ("ndarray", "tensor") and len(value.shape or ()) > 1


def _is_of_dataset(name: str, given: Given) -> bool:
    """Whether it is a pipeline's method: ``x.map(f, num_parallel_calls=4)``, ``x.shuffle(9).batch(4)``."""
    if not _DATA_KEYWORDS.isdisjoint(given.kwargs):
        return f"tf.data.Dataset.{name}" in FACTS
    if name not in _SIZED and name not in _LINKS:
        return False
    before = given.node.func.value if isinstance(given.node.func, tree.Attribute) else None
    links = (given.node, before)
    return any(map(_is_sized, links)) and all(_is_sized(one) or _method_of(one) in _LINKS for one in links)


def _method_of(node: tree.Expr | None) -> str:
    return node.func.name if isinstance(node, tree.Call) and isinstance(node.func, tree.Attribute) else ""


def _is_sized(node: tree.Expr | None) -> bool:
    """Whether ``node`` is a call of ``batch`` or the like that is given a size."""
    size = _SIZED.get(_method_of(node))
    return (
        isinstance(node, tree.Call)
        and size is not None
        and any(one.name in (None, size) for one in node.args)
    )
