"""Calls that train, evaluate or predict: which model, with what, in what batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Const,
    Dataset,
    Instance,
    Items,
    Object,
    Value,
    const,
)
from keras_memlint.analysis.facts.defaults import BATCH_SIZE

_FITS = ("fit", "fit_generator", "evaluate", "predict", "evaluate_generator", "predict_generator")


@dataclass(frozen=True, slots=True)
class Fit:
    """A call that trains, evaluates or predicts: ``method`` says which. ``x`` and ``y`` are unknown when not given."""

    call: Call
    method: str
    model: Model | None
    x: Value
    y: Value

    @property
    def batch_size(self) -> int | None:
        """The batch: of the pipeline, else given, else Keras's own; None when it is not known."""
        if isinstance(self.x, Dataset):
            return self.x.batch_size or None
        call = self.batch_call
        if call is None or (call is self.call and self._makes_batches):
            return None
        given = call.arg("batch_size")
        if given is None or (isinstance(given, Const) and given.value is None):
            return BATCH_SIZE
        found = const(given)
        return found if isinstance(found, int) else None

    @property
    def callbacks(self) -> tuple[Value, ...] | None:
        """The callbacks it is given; None when some may not be known."""
        given = self.call.arg("callbacks")
        if given is None or (isinstance(given, Const) and given.value is None):
            return None if self.call.star else ()
        if not isinstance(given, Items):
            return (given,) if isinstance(given, Object) else None
        return given.items

    @property
    def callback_calls(self) -> tuple[Call, ...]:
        """The calls that made its callbacks, as far as they are known."""
        return tuple(
            one.call for one in self.callbacks or () if isinstance(one, Object) and one.call is not None
        )

    @property
    def _makes_batches(self) -> bool:
        """Whether batches come from the user's own generator or sequence: nothing else says how large they are."""
        return (
            self.method.endswith("_generator")
            or isinstance(self.x, Instance)
            or (isinstance(self.x, Items) and self.x.kind == "generator")
        )

    @property
    def batch_call(self) -> Call | None:
        """The call that makes the batches: of the pipeline or generator that it is given, else itself."""
        if isinstance(self.x, Dataset):
            return self.x.batch_call
        if isinstance(self.x, Object) and self.x.call is not None and ".flow" in self.x.call.name:
            return self.x.call
        return self.call


def fits_of(calls: Iterable[Call]) -> list[Fit]:
    """The fits among ``calls``, tuner searches included, in order."""
    found: list[Fit] = []
    for call in calls:
        if call.name.startswith("keras.Model."):
            method = call.name[len("keras.Model.") :]
            if method not in _FITS:
                continue
            model = call.receiver if isinstance(call.receiver, Model) else None
        elif call.name.startswith("keras_tuner.") and call.name.endswith(".search"):
            method, model = "search", None
        else:
            continue
        x = (
            call.arg("x")
            or call.arg("generator")
            or call.kwargs.get("x")
            or (call.first() if method == "search" else UNKNOWN)
        )
        y = call.arg("y") or (call.args[1] if method == "search" and len(call.args) > 1 else UNKNOWN)
        found.append(Fit(call, method, model, x, y))
    return found
