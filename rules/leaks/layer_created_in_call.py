"""KM605: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.keras_layers import WEIGHTED
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.values import Function, Instance
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM605", "layer-created-in-call", severity="error", words=("call", "train_step", "Lambda"))

_RUN = frozenset(["call", "train_step", "test_step", "predict_step"])


def check(script: Script) -> Iterator[Finding]:
    if script.slices_arrays:
        return  # a graph of TensorFlow 1 is built once
    applied = {id(call.arg("function")): call for call in script.calls("keras.layers.Lambda")}
    seen: set[int] = set()
    for call in script.all_calls:
        if call.conditional or id(call.node) in seen or not _has_state(call):
            continue
        function = _run_by(call, applied)
        if function is None:
            continue
        seen.add(id(call.node))
        what = call.name.rpartition(".")[2]
        where = f"`{function.name}`" if function.name in _RUN else "a `Lambda` layer"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{what}` is made in {where}: new variables with each call, which TensorFlow refuses and nothing trains",
            help="make it in `__init__` and use it here"
            if function.name in _RUN
            else "make the layer outside, and call it in place of the `Lambda`",
        )


def _has_state(call: Call) -> bool:
    group, _, name = call.name.rpartition(".")
    return (
        (group == "keras.layers" and name in WEIGHTED)
        or (group in ("keras.optimizers", "keras.metrics") and name[:1].isupper())
        or call.name in ("tf.Variable", "keras.Variable")
        or (name == "add_weight" and group.startswith("keras."))
    )


def _run_by(call: Call, applied: dict[int, Call]) -> Function | None:
    """The method or function that Keras runs for each batch and that makes ``call``; None when a branch may skip it."""
    for one in call.led_by():
        if one.conditional or one.function is None:
            return None
        function = one.function
        if id(function) in applied:
            return function
        owner = function.bound
        if function.name in _RUN and isinstance(owner, Instance):
            base = owner.cls.api_base() or ""
            called = one.caller is not None and one.caller.name == f"def {function.name}"
            is_keras = base in ("keras.Model", "keras.Sequential", "keras.Layer") or base.startswith(
                "keras.layers."
            )
            return function if is_keras and not called else None
    return None
