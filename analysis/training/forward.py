"""Calls that send an array through a model as one batch: ``model(x)``, ``predict_on_batch(x)``, ``train_on_batch(x, y)``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.networks import Model, count
from keras_memlint.analysis.abstract.values import Array, Object

_WHOLE = ("__call__", "call", "predict_on_batch", "test_on_batch", "train_on_batch")


@dataclass(frozen=True, slots=True)
class Forward:
    """One such call. ``method`` says which; ``x`` is what goes through the model at once."""

    call: Call
    method: str
    model: Model
    x: Array

    @property
    def rows(self) -> int | None:
        """How many samples go through at once; None when unknown."""
        return self.x.length

    @property
    def differentiated(self) -> bool:
        """Whether gradients are asked for, so that the outputs of all layers are kept."""
        tapes = (value for value in self.call.contexts if isinstance(value, Object))
        return self.method == "train_on_batch" or any(tape.api == "tf.GradientTape" for tape in tapes)

    @property
    def activation_bytes(self) -> int | None:
        """The least that the layers' outputs take: all of them for gradients, else what goes into the largest and out.

        As float32. None when a size or the number of rows is unknown.
        """
        if self.rows is None:
            return None
        sample = self.model.activations if self.differentiated else _largest(self.model)
        return sample * self.rows * (itemsize("float32") or 4) if sample is not None else None


def _largest(model: Model) -> int | None:
    """Elements of one sample that the largest layer takes and gives; None when no layer's are known."""
    sizes = [
        sum(count(shape) or 0 for shape in use.inputs) + out
        for use in model.uses
        if (out := count(use.output)) is not None
    ]
    return max(sizes, default=None)


def forwards_of(calls: Iterable[Call]) -> list[Forward]:
    """The calls among ``calls`` that send an array through a model as one batch, in order."""
    found = []
    for call in calls:
        method = call.name.removeprefix("keras.Model.")
        if method == call.name or method not in _WHOLE or not isinstance(call.receiver, Model):
            continue
        x = call.arg("x") or call.first()
        if isinstance(x, Array):
            found.append(Forward(call, method, call.receiver, x))
    return found
