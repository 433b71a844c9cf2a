"""KM513: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Holding
from keras_memlint.analysis.abstract.values import Class, Function, Instance
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM513", "callback-hoards", severity="info", words=("append", "Callback", "restore_best_weights"))

_WHOLE = ("get_weights", "predict", "predict_on_batch", "predict_generator")
_STOPS = "keras.callbacks.EarlyStopping"
_MUCH = 1 << 30  # bytes of weights from which on they are a warning
_ENDS = frozenset(["stop_training"])
_ONCE = frozenset(["on_train_begin", "on_train_end", "on_predict_begin", "on_predict_end"])


def check(script: Script) -> Iterator[Finding]:
    yield from _kept(script)
    yield from _restored(script)


def _kept(script: Script) -> Iterator[Finding]:
    lambdas = {
        id(value.node): name
        for call in script.calls("keras.callbacks.LambdaCallback")
        for name, value in call.kwargs.items()
        if hasattr(value, "node")
    }
    for holding in script.holdings:
        method = _hook(holding, lambdas)
        made = script.maker(holding.value)
        if method is None or method in _ONCE or made is None or made.result is not holding.value:
            continue
        what = made.name.rpartition(".")[2]
        if what not in _WHOLE:
            continue
        batch = "batch" in method
        size = _size(script, holding) if what == "get_weights" and not batch else None
        yield Finding(
            at=script.place(holding.given or holding.node),
            site=script.place(holding.site),
            message=f"a callback keeps all that `{what}` gives after each {'batch' if batch else 'epoch'},"
            " until training ends",
            bytes=size,
            help="keep the numbers that are needed, or write to disk: `ModelCheckpoint` saves weights",
            severity="warning" if batch or (size or 0) >= _MUCH else "info",
        )


def _size(script: Script, holding: Holding) -> int | None:
    """Bytes of all weights that the longest training with the callback keeps; None where it is not known to go so far."""
    owner = holding.function.bound if holding.function is not None else None
    cls = owner.cls if isinstance(owner, Instance) else None
    if cls is None or holding.conditional or not _only_grows(cls, holding) or script.words_among(_ENDS):
        return None
    sizes = [0]
    for fit in script.trainings:
        kept = any(isinstance(one, Instance) and one.cls is cls for one in fit.callbacks or ())
        epochs, parameters = fit.call.const("epochs"), fit.model.parameters if fit.model is not None else None
        if kept and isinstance(epochs, int) and not any(call.name == _STOPS for call in fit.callback_calls):
            sizes.append((parameters or 0) * 4 * epochs)
    return max(sizes) or None


def _only_grows(cls: Class, holding: Holding) -> bool:
    """Whether what keeps the weights is mentioned once in what the callback does during a training."""
    kept = holding.node.func if isinstance(holding.node, tree.Call) else holding.node
    name = tree.last_name(kept.value) if isinstance(kept, (tree.Attribute, tree.Subscript)) else ""
    methods = [one for one in cls.scope.names.values() if isinstance(one, Function)]
    during = [one for one in methods if one.name not in _ONCE and one.name != "__init__"]
    mentions = [
        node
        for function in during
        for node, _ in tree.walk(function.node)
        if isinstance(node, tree.Attribute) and node.name == name
    ]
    return bool(name) and len(mentions) == 1


def _hook(holding: Holding, lambdas: dict[int, str]) -> str | None:
    """The method of a callback in which something is kept: ``on_epoch_end``; None outside callbacks."""
    function = holding.function
    if function is None:
        return None
    if id(function.node) in lambdas:
        return lambdas[id(function.node)]
    owner = function.bound
    if not isinstance(owner, Instance) or owner.cls.api_base() != "keras.callbacks.Callback":
        return None
    return function.name if function.name.startswith("on_") else None


def _restored(script: Script) -> Iterator[Finding]:
    for fit in script.trainings:
        parameters = fit.model.parameters if fit.model is not None else None
        for call in fit.callback_calls:
            if call.name != _STOPS or not parameters:
                continue
            if call.const("restore_best_weights") is True and script.large(parameters * 4):
                yield Finding(
                    at=script.call_place(call),
                    site=script.place(call.site),
                    message="`restore_best_weights=True` keeps a second copy of the weights in host memory",
                    bytes=parameters * 4,
                    help="`ModelCheckpoint(save_best_only=True)` keeps the best weights on disk",
                    related=(("trained here", script.call_place(fit.call)),),
                    severity="hint",
                )
