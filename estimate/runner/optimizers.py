"""The caught step with another optimizer, accumulated gradients or rematerialised layers, for as long as it is traced."""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import Any, Callable, Iterator

from . import variables
from .catch import Cannot, Options

NAMES = {"sgd": "SGD", "lion": "Lion", "adafactor": "Adafactor"}


@contextlib.contextmanager
def swapped(model: Any, options: Options) -> Iterator[list[Any]]:
    """``model.optimizer`` replaced; gives the variables of the new one."""
    old = getattr(model, "optimizer", None)
    if old is None:
        raise Cannot("the model has no optimizer that could be replaced")
    home = strategy(model)
    with home.scope() if home is not None else contextlib.nullcontext():
        new = like(old, options)
        new.build(list(model.trainable_variables))
    model.optimizer = new
    try:
        yield variables.of_optimizer(new)
    finally:
        model.optimizer = old


def strategy(model: Any) -> Any:
    """The way in which TensorFlow spreads the model over devices; None for one device and no more ado."""
    found = getattr(model, "distribute_strategy", None)
    return None if found is None or type(found).__name__.startswith("_Default") else found


def like(old: Any, options: Options) -> Any:
    """A new optimizer for the asked change, wrapped for loss scaling where the old one was."""
    scaled = getattr(old, "inner_optimizer", None)
    inner = _new(old if scaled is None else scaled, options)
    if scaled is None:
        return inner
    kind = next(kind for kind in type(old).__mro__ if kind.__name__.startswith("LossScaleOptimizer"))
    return kind(inner)


def _new(old: Any, options: Options) -> Any:
    package = type(old).__module__.split(".")[0]
    if package not in ("keras", "tf_keras") and not hasattr(old, "get_config"):
        raise Cannot("the optimizer is not one of Keras")
    keras: Any = sys.modules.get("tf_keras" if package == "tf_keras" else "keras")
    if options.optimizer:
        kind = getattr(getattr(keras, "optimizers", None), NAMES.get(options.optimizer, ""), None)
        if kind is None:
            raise Cannot(f"this Keras has no optimizer {options.optimizer}")
        config: dict[str, Any] = {}
    else:
        kind, config = type(old), old.get_config()
    if options.accumulation > 1:
        if "gradient_accumulation_steps" not in old.get_config():
            raise Cannot("the optimizers of this Keras cannot accumulate gradients")
        config["gradient_accumulation_steps"] = options.accumulation
    return kind.from_config(config)


@contextlib.contextmanager
def rematerialised(layers: list[Any]) -> Iterator[None]:
    """The layers recompute their activations in the backward pass, as under ``keras.RematScope``."""
    remat: Any = sys.modules.get("keras.src.backend.common.remat")
    usable = [layer for layer in layers if hasattr(layer, "_remat_mode")]
    if remat is None or not usable:
        raise Cannot("this Keras cannot rematerialise layers")
    with remat.RematScope(mode="full"):
        mode = remat.get_current_remat_mode()
    before = [layer._remat_mode for layer in usable]
    original = remat.remat
    remat.remat = functools.partial(_with_options, original)
    for layer in usable:
        layer._remat_mode = mode
    try:
        yield
    finally:
        remat.remat = original
        for layer, old in zip(usable, before):
            layer._remat_mode = old


def _with_options(original: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """TensorFlow's ``recompute_grad`` takes no keyword arguments in a graph; layers are called with some."""

    def call(*arguments: Any, **options: Any) -> Any:
        return original(functools.partial(function, **options))(*arguments)

    return call
