"""Functions that TensorFlow traces into graphs: those of ``tf.function``, and the steps of a Keras model."""

from __future__ import annotations

from collections.abc import Iterable

from keras_memlint.analysis.abstract.values import Api, Function, Instance, Object, Value

_TRACER = "tf.function"
# Keras traces these itself, with all that they call.
_STEPS = ("train_step", "test_step", "predict_step")
_MODELS = ("keras.Model", "keras.Sequential")


def tracer(decorators: Iterable[Value]) -> Value | None:
    """The decorator that is ``tf.function``, bare or called; None when there is none."""
    for decorator in decorators:
        if isinstance(decorator, Api) and decorator.name == _TRACER:
            return decorator
        if isinstance(decorator, Object) and decorator.api == _TRACER:
            return decorator
    return None


def is_traced(function: Function) -> bool:
    """Whether a call of ``function`` runs a graph: it is a ``tf.function``, or a step of a Keras model."""
    if function.tracer is not None:
        return True
    owner = function.bound
    return function.name in _STEPS and isinstance(owner, Instance) and owner.cls.api_base() in _MODELS
