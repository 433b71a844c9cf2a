"""The loss and the metrics a ``compile`` call names, whatever way it names them."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import UNKNOWN, Api, Const, Items, Object, Value, const

_LOSSES = "keras.losses."
_METRICS = "keras.metrics."
# What these classes and functions are called when they are given by name.
_SNAKE = {
    "CategoricalAccuracy": "categorical_accuracy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "TopKCategoricalAccuracy": "top_k_categorical_accuracy",
    "acc": "accuracy",
    "Accuracy": "Accuracy",  # compares numbers, not classes
}


def loss_of(compiled: Call) -> str | None:
    """The name of the one loss, ``categorical_crossentropy``; None for several, functions of the user's, unknown ones.

    None as well where label smoothing makes the labels soft.
    """
    given = compiled.arg("loss")
    if isinstance(given, Items) and given.items is not None and len(given.items) == 1:
        given = given.items[0]
    if isinstance(given, Object) and given.call is not None and _smooths(given.call):
        return None
    return _name(given, _LOSSES)


def _smooths(loss: Call) -> bool:
    smoothing = loss.kwargs.get("label_smoothing")
    if loss.star or len(loss.args) > 1:
        return True
    return smoothing is not None and const(smoothing) != 0


def metrics_of(compiled: Call) -> list[str | None]:
    """The names of all metrics; None for each that is a function of the user's or unknown."""
    return [metric_name(metric) for metric in metric_values(compiled)]


def metric_name(metric: Value) -> str | None:
    """What a metric is called when it is given by name; None for a function of the user's and for unknown ones."""
    return _name(metric, _METRICS)


def metric_values(compiled: Call) -> list[Value]:
    """The metrics one by one; unknown where it is not known which they are."""
    return [metric for name in ("metrics", "weighted_metrics") for metric in _flat(compiled.arg(name))]


def _flat(given: Value | None) -> Iterator[Value]:
    if given is None or (isinstance(given, Const) and given.value is None):
        return
    if isinstance(given, Items):
        if given.items is None:
            yield UNKNOWN
        for item in given.items or ():
            yield from _flat(item)
    else:
        yield given


def _name(value: Value | None, group: str) -> str | None:
    if isinstance(value, Const):
        short = value.value
    elif isinstance(value, (Object, Api)):
        name = value.api if isinstance(value, Object) else value.name
        short = name.rpartition(".")[2] if name.startswith((group, _LOSSES)) else None
    else:
        short = None
    return _SNAKE.get(short, short) if isinstance(short, str) else None
