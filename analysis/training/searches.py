"""scikit-learn's searches and cross-validations that build and train a Keras model again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Dict, Items, Object, UnknownValue, Value, const

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")
_SCORES = ("cross_val_score", "cross_validate", "cross_val_predict", "learning_curve", "validation_curve")
_SKLEARN = "sklearn.model_selection."
_WRAPPERS = ("keras.wrappers.", "scikeras.", "tf.keras.wrappers.")
# What is taken of a search, and how many folds there are, unless the script says otherwise: since scikit-learn 0.22.
_TRIALS, _FOLDS = 10, 5


@dataclass(frozen=True, slots=True)
class Search:
    """One of them. ``trained`` is the call that trains; ``models`` how often, None when unknown.

    ``parallel``: in other processes.
    """

    call: Call
    trained: Call | None
    models: int | None
    parallel: bool

    @property
    def name(self) -> str:
        return self.call.name.rpartition(".")[2]


def searches(script: Script) -> Iterator[Search]:
    """All of them, in order of the kinds."""
    for call in script.calls(*[_SKLEARN + name for name in (*_SEARCHES, *_SCORES)]):
        if not _is_keras(call.first() if call.args else call.kwargs.get("estimator")):
            continue
        jobs = call.kwargs.get("n_jobs")
        parallel = jobs is not None and const(jobs) not in (None, 1)
        yield Search(call, _trained(script, call), _models(call), parallel)


def _is_keras(estimator: Value | None) -> bool:
    """Whether it is a Keras model as scikit-learn's estimator, also as the last part of a step of a pipeline."""
    if not isinstance(estimator, Object):
        return False
    if estimator.api.startswith(_WRAPPERS):
        return True
    steps = (
        estimator.call.first() if estimator.api == "sklearn.pipeline.Pipeline" and estimator.call else None
    )
    parts = steps.items or () if isinstance(steps, Items) else ()
    return any(isinstance(part, Items) and part.items and _is_keras(part.items[-1]) for part in parts)


def _trained(script: Script, call: Call) -> Call | None:
    """The call that runs the search: a score is one itself."""
    if call.name.rpartition(".")[2] in _SCORES:
        return call
    return next((one for one in script.calls(f"{call.name}.fit") if one.receiver is call.result), None)


def _models(call: Call) -> int | None:
    """How many models are trained; None when unknown."""
    name = call.name.rpartition(".")[2]
    folds = _folds(call.kwargs.get("cv"))
    if folds is None or name in ("cross_val_score", "cross_validate", "cross_val_predict"):
        return folds
    if name == "RandomizedSearchCV":
        trials = const(call.kwargs["n_iter"]) if "n_iter" in call.kwargs else _TRIALS
    elif name == "GridSearchCV":
        grid = call.args[1] if len(call.args) > 1 else call.kwargs.get("param_grid")
        trials = _combinations(grid) if not isinstance(grid, Dict) or grid.stored < call.order else None
    else:
        return None
    again = "refit" not in call.kwargs or const(call.kwargs["refit"]) is not False
    return trials * folds + again if isinstance(trials, int) else None


def _folds(given: Value | None) -> int | None:
    """How many folds ``cv`` asks for, a number or an object such as ``KFold(3)``; None when unknown."""
    if isinstance(given, Object) and given.api.startswith(_SKLEARN) and given.call is not None:
        given = given.call.kwargs.get("n_splits") or (given.call.args[0] if given.call.args else None)
    if given is None:
        return _FOLDS
    found = const(given)
    return found if isinstance(found, int) else None


def _combinations(grid: Value | None) -> int | None:
    """How many points a grid of parameters has."""
    if not isinstance(grid, Dict) or not isinstance(grid.element, UnknownValue):
        return None
    lengths = [one.length if isinstance(one, (Items, Array)) else None for one in grid.entries.values()]
    known = [length for length in lengths if length is not None]
    return prod(known) if known and len(known) == len(lengths) else None
