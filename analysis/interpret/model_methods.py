"""What methods of models give and learn: ``compile``, ``fit``, ``build`` and ``predict``."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Dataset,
    Items,
    Object,
    Origin,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.defaults import BATCH_SIZE
from keras_memlint.analysis.facts.table import Machine
from keras_memlint.analysis.interpret.models import application_on, build, shape_of, trace

# Batches of images of one size, from a folder or a table of names.
_FLOWS = (".flow_from_directory", ".flow_from_dataframe")


def compile_model(call: Call) -> Value:
    """``model.compile(…)``."""
    if isinstance(call.receiver, Model):
        call.receiver.compiled = call
    return UNKNOWN


def history(call: Call, run: Machine) -> Value:
    """``model.fit(…)`` gives a history that holds the model."""
    if isinstance(call.receiver, Model):
        shape = _sample_shape(call.arg("x"))
        build(call.receiver, shape)
        trace(call.receiver, shape, call, run)
    return Object(
        "keras.callbacks.History",
        call,
        {"model": call.receiver or UNKNOWN},
        origin=Origin(call.node, "history"),
    )


def built(call: Call, run: Machine) -> Value:
    """``model.build(input_shape)``."""
    shape = shape_of(call.arg("input_shape"))
    if isinstance(call.receiver, Model) and shape is not None and len(shape) > 1:
        build(call.receiver, shape)
        trace(call.receiver, shape, call, run)
    return Const(None)


def predicted(model: Model, x: Value | None, steps: int | None, *, samples: bool = False) -> Shape | None:
    """The shape of what ``model.predict(x, steps=steps)`` gives; None when the model's output is not known.

    ``samples``: the steps count samples, as they did in Keras 1, not batches.
    """
    output = model.output.shape if model.output is not None else None
    if output is not None and None in output[1:] and model.kind == "application":
        on = application_on(model, _sample_shape(x))
        output = on.output if on is not None and on.output is not None else output
    rows = steps if samples and isinstance(x, Object) else _rows(x, steps)
    return (rows, *output[1:]) if output else None


def _rows(x: Value | None, steps: int | None) -> int | None:
    """How many samples ``x`` holds, or gives in so many batches; None when unknown."""
    if isinstance(x, Array):
        return x.length
    if isinstance(x, Dataset) and x.batch_size and x.cardinality is not None and not x.infinite:
        return x.cardinality * x.batch_size
    if isinstance(x, Object) and x.call is not None and x.call.name.endswith(_FLOWS):
        batch = const(x.call.arg("batch_size")) if x.call.given("batch_size") else BATCH_SIZE
        return steps * batch if isinstance(steps, int) and isinstance(batch, int) else None
    return None


def _sample_shape(x: Value | None) -> Shape | None:
    """The input shape a model sees when it is trained on ``x``, batch axis first and unknown."""
    if isinstance(x, Dataset):
        if not x.batched:
            return None
        x = x.element
        if isinstance(x, Items) and x.items:
            x = x.items[0]
    if isinstance(x, Object) and x.call is not None and x.call.name.endswith(_FLOWS):
        size = shape_of(x.call.arg("target_size")) if x.call.given("target_size") else (256, 256)
        channels = {"grayscale": 1, "rgb": 3, "rgba": 4}.get(x.call.const("color_mode", "rgb"))
        return (None, *size, channels) if size is not None else None
    if isinstance(x, Array) and x.shape:
        return (None, *x.shape[1:])
    return None
