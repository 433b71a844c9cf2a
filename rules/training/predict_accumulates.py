"""KM504: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import is_toy

RULE = Rule("KM504", "predict-accumulates", severity="info", words=("predict",))

# What makes one number of the many that a model gives for a pixel, a time step or a row.
_REDUCING = (
    "numpy.argmax",
    "numpy.ndarray.argmax",
    "tf.argmax",
    "tf.math.argmax",
    "tf.Tensor.argmax",
    "keras.ops.argmax",
    "keras.backend.argmax",
)
_SMALL_SET = 512 << 20  # outputs for a small data set are worth a word from here on


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reduced = {
        id(node): call for call in script.calls(*_REDUCING) if (node := _predicted_by(call)) is not None
    }
    for fit in script.fits:
        call, outputs = fit.call, fit.call.result
        if fit.method not in ("predict", "predict_generator") or not isinstance(outputs, Array):
            continue
        size = outputs.bytes
        small_set = isinstance(fit.x, Array) and is_toy(fit.x)
        if size is None or not script.large(size) or (small_set and size < _SMALL_SET):
            continue
        user = reduced.get(id(call.node))
        then = " before `argmax` reduces them" if user is not None else ""
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{fit.method}` collects the outputs for all {outputs.length:,} rows, then copies them into one array{then}",
            bytes=2 * size,
            help="loop over batches with `predict_on_batch`, and keep of each only what is used",
            related=(("reduced here", script.call_place(user)),) if user is not None else (),
            severity="warning" if user is not None else "info",
        )


def _predicted_by(call: Call) -> object | None:
    """The call expression whose outputs ``call`` reduces; None when that is not known."""
    given = call.operand()
    if not isinstance(given, Array) or given.source != "network" or given.origin is None:
        return None
    *_, first = given.origin.steps()
    return first.node
