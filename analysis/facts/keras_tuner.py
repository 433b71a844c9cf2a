"""Keras Tuner: a search space stands for its largest values, a tuner knows the model they give.

The analysis asks what can happen: some trial may take the largest number of everything.
"""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Const,
    Function,
    Instance,
    Object,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.python_numbers import scalar
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "Keras Tuner API reference"
_SPACE = "keras_tuner.HyperParameters"
_TUNER = "hypermodel objective"


def _int(call: Call, _run: Machine) -> Value:
    least, most, step = call.const("min_value"), call.const("max_value"), call.const("step", 1)
    counts = call.arg("sampling") is None and all(isinstance(one, int) for one in (least, most, step))
    if counts and step > 0:
        most = least + (most - least) // step * step  # the last step may end below
    return _largest(call, most, "int")


def _choice(call: Call, _run: Machine) -> Value:
    values = const(call.arg("values"))
    if not isinstance(values, (list, tuple)) or not values:
        return UNKNOWN
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return _largest(call, max(values), "float" if isinstance(values[0], float) else "int")
    return Scalar("str") if all(isinstance(value, str) for value in values) else UNKNOWN


def _largest(call: Call, value: object, kind: str) -> Value:
    origin = Origin(call.node, "the largest of the search space")
    return Const(value, origin=origin) if isinstance(value, (int, float)) else Scalar(kind, origin=origin)


def _fixed(call: Call, _run: Machine) -> Value:
    return call.arg("value") or UNKNOWN


def _tuner(call: Call, run: Machine) -> Value:
    """``largest`` is the model that the largest values give, where the function that builds it is known."""
    made = Object(call.name, call, origin=Origin(call.node, "made here"))
    build = call.arg("hypermodel")
    if isinstance(build, Instance):
        method = build.cls.method("build")
        build = method.bind(build) if method is not None else None
    if isinstance(build, Function):
        model, _calls = run.apply(build, (Object(_SPACE),), call, mapped=False)
        if isinstance(model, Model):
            made.state["largest"] = model
    return made


KERAS_TUNER = table(
    fact("keras_tuner.BayesianOptimization", _TUNER, _tuner, see=_DOCS),
    fact("keras_tuner.GridSearch", _TUNER, _tuner, see=_DOCS),
    fact("keras_tuner.HyperParameters", "", lambda c, _r: Object(_SPACE, c), see=_DOCS),
    fact(f"{_SPACE}.Boolean", "name default", scalar("bool"), see=_DOCS),
    fact(f"{_SPACE}.Choice", "name values ordered default", _choice, see=_DOCS),
    fact(f"{_SPACE}.Fixed", "name value", _fixed, see=_DOCS),
    fact(f"{_SPACE}.Float", "name min_value max_value step", scalar("float"), see=_DOCS),
    fact(f"{_SPACE}.Int", "name min_value max_value step", _int, see=_DOCS),
    fact("keras_tuner.Hyperband", _TUNER, _tuner, see=_DOCS),
    fact("keras_tuner.RandomSearch", _TUNER, _tuner, see=_DOCS),
)
