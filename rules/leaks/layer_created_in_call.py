"""KM605: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Function, Instance
from keras_memlint.analysis.facts.keras_layers import WEIGHTED
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM605", "layer-created-in-call", severity="error", words=("call", "train_step", "Lambda"))

_RUN = frozenset(["call", "train_step", "test_step", "predict_step"])


def check(script: Script) -> Iterator[Finding]:
    if script.slices_arrays:
        return  # a graph of TensorFlow 1 is built once
    applied = {id(call.arg("function")): call for call in script.calls("keras.layers.Lambda")}
    built = _built_by_hand(script)
    # What a class makes a functional model of in another method may be all that is used of it.
    functional = {_class(call.function) for call in script.calls("keras.Model")} - {None}
    for call in script.all_calls:
        if not _has_state(call):
            continue
        function, made = _run_by(script, call, applied)
        if function is None or id(function.node) in built or _class(function) in functional:
            continue
        what = made.name.rpartition(".")[2].removeprefix("class ")
        where = f"`{function.name}`" if function.name in _RUN else "a `Lambda` layer"
        yield Finding(
            at=script.call_place(made),
            site=script.place(made.site),
            message=f"`{what}` is made in {where}: new variables with each call, which TensorFlow refuses and nothing trains",
            help="make it in `__init__` and use it here"
            if function.name in _RUN
            else "make the layer outside, and call it in place of the `Lambda`",
            severity="warning" if call.conditional else "error",
        )


def _may_be_kept(script: Script, call: Call, made: Call) -> bool:
    """Whether ``made`` may be made the first time only: a branch around ``call``, which leads to it, may ask for it."""
    if not call.conditional:
        return False
    around = script.around(made)
    used = bool(around) and isinstance(around[0], tree.Call) and around[0].func is made.node
    return not used or script.asks_first(call)


def _has_state(call: Call) -> bool:
    group, _, name = call.name.rpartition(".")
    return (
        (group == "keras.layers" and name in WEIGHTED)
        or (group in ("keras.optimizers", "keras.metrics") and name[:1].isupper())
        or call.name in ("tf.Variable", "keras.Variable")
        or (name == "add_weight" and group.startswith("keras."))
    )


def _class(function: Function | None) -> int | None:
    """What tells the class apart that ``function`` is a method of; None for other functions."""
    owner = function.bound if function is not None else None
    return id(owner.cls.node) if isinstance(owner, Instance) else None


def _built_by_hand(script: Script) -> set[int]:
    """The methods that a class calls itself, as ``Model(inputs, self.call(inputs))`` does: they build a network once."""
    return {
        id(call.callee.node)
        for call in script.all_calls
        if call.callee is not None
        and call.callee.name in _RUN
        and not any(one.function is not None and one.function.name in _RUN for one in call.led_by())
    }


def _run_by(script: Script, call: Call, applied: dict[int, Call]) -> tuple[Function | None, Call]:
    """The method or function that Keras runs for each batch and that makes ``call``; None when it may do so once.

    Beside it the call that is to be moved: that of the user's own class where ``__init__`` of that class makes ``call``.
    """
    made = call
    for one in call.led_by():
        if one.name.startswith("class "):
            made = one
        if one.function is None or _may_be_kept(script, one, made):
            break
        function = one.function
        if id(function) in applied:
            return function, made
        owner = function.bound
        if function.name in _RUN and isinstance(owner, Instance):
            base = owner.cls.api_base() or ""
            called = one.caller is not None and one.caller.name == f"def {function.name}"
            is_keras = base in ("keras.Model", "keras.Sequential", "keras.Layer") or base.startswith(
                "keras.layers."
            )
            return (function if is_keras and not called else None), made
    return None, made
