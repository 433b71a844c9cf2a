"""KM514: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import remove_argument, set_argument
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity

RULE = Rule("KM514", "tensorboard-heavy", severity="warning", words=("TensorBoard",), fix="unsafe")

# TensorBoard counts in 30 buckets, by a row of 30 float64 numbers for each weight.
_ROW = 30 * 8
_MUCH = 512 << 20  # bytes of one histogram that matter beside what TensorFlow itself takes
_MUCH_MORE = 2 << 30  # the same beside the activations of a backbone, which are gone when histograms are made
_LONG = 21  # batches that a profile may cover


def check(script: Script) -> Iterator[Finding]:
    for call in script.calls("keras.callbacks.TensorBoard"):
        yield from _histograms(script, call)
        yield from _profile(script, call)
        gone = call.argument_node("write_grads")
        if gone is not None and script.keras_major == 3 and not call.tried:
            yield _finding(
                script,
                call,
                "`write_grads` is gone from `TensorBoard` in Keras 3: this raises TypeError",
                "leave it out",
                remove_argument(script, call.node, gone),
                "leave it out",
                "the script goes on from here",
                severity="error",
            )


def _histograms(script: Script, call: Call) -> Iterator[Finding]:
    """Histograms of a model that this callback watches and that is known to have a large layer."""
    often = call.const("histogram_freq")
    if not isinstance(often, int) or often < 1 or script.is_test:
        return
    if script.slices_arrays or script.tensorflow_before(2, 6) or call.given("write_grads"):
        return  # up to TensorFlow 2.5 an operation of its own counts, and makes no rows
    # A script for standalone Keras that does not say which may be for TensorFlow 1 as well.
    sure = call.flavour != "keras" or script.keras_major == 3
    for fit in script.trainings:
        if fit.model is None or call not in fit.callback_calls:
            continue
        own, inner = (weights * _ROW for weights in _largest(fit.model))
        if script.large(max(own, inner)):
            yield _finding(
                script,
                call,
                "TensorBoard makes histograms of all weights, with a row of 30 numbers for each weight of a layer",
                "leave `histogram_freq` out",
                set_argument(script, call.node, "histogram_freq", "0"),
                "make none",
                "TensorBoard shows no weights",
                size=max(own, inner),
                severity="warning" if sure and (own >= _MUCH or inner >= _MUCH_MORE) else "info",
            )
            return


def _largest(model: Model) -> tuple[int, int]:
    """Weights of the largest layer that is known, and of a backbone's largest one; 0 when none is."""
    own, inner = 0, model.inner_largest or 0
    for use in model.flat():
        if use.layer.model is None:
            own = max(own, use.parameters or 0)
        else:
            inner = max(inner, use.layer.model.inner_largest or 0)
    return own, inner


def _profile(script: Script, call: Call) -> Iterator[Finding]:
    profiled = const(call.arg("profile_batch"))
    if not isinstance(profiled, (tuple, list)) or len(profiled) != 2:
        return
    first, last = profiled
    if isinstance(first, int) and isinstance(last, int) and last - first + 1 > _LONG:
        yield _finding(
            script,
            call,
            f"TensorBoard profiles {last - first + 1:,} batches, and the trace of all of them is held in memory",
            "profile ten batches",
            set_argument(script, call.node, "profile_batch", f"({first}, {first + 9})"),
            "profile ten batches",
            "the trace shows less",
            severity="info",
        )


def _finding(
    script: Script,
    call: Call,
    message: str,
    cure: str,
    edit: Edit | None,
    title: str,
    price: str,
    *,
    severity: Severity,
    size: int | None = None,
) -> Finding:
    return Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=message,
        bytes=size,
        help=cure,
        fixes=(Fix(title, False, (edit,), price),) if edit is not None else (),
        severity=severity,
    )
