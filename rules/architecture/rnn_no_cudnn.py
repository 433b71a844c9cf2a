"""KM408: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Layer
from keras_memlint.analysis.abstract.values import Const, Value, const
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM408", "rnn-no-cudnn", severity="hint", words=("LSTM", "GRU", "LSTMCell", "GRUCell"))

_CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU"}
# What the kernel computes.
_ACTIVATIONS = {"activation": "tanh", "recurrent_activation": "sigmoid"}
_NEEDED = ("use_bias", "reset_after")


def check(script: Script) -> Iterator[Finding]:
    if script.cpu_only or script.slices_arrays or script.runs_sessions:
        return  # without a GPU, or where no layer of that name ever runs on the kernel
    for call in script.calls("keras.layers.LSTM", "keras.layers.GRU", "keras.layers.RNN"):
        layer = call.result
        why, cure = _reason(layer) if isinstance(layer, Layer) else ("", "")
        if not why:
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"{why} is not what cuDNN computes: on a GPU the layer runs step by step",
            help=cure,
            severity="info" if script.settings.target.gpu is not None else "hint",
        )


def _reason(layer: Layer) -> tuple[str, str]:
    """What keeps the layer from the kernel, and what to do; empty when nothing is known to, or it was chosen."""
    config = layer.config
    if layer.name == "RNN":
        cell = config.get("cell")
        name = cell.name if isinstance(cell, Layer) else ""
        if name not in _CELLS:
            return "", ""
        return f"`RNN({name}(…))`", f"`{_CELLS[name]}` computes the same and has the kernel"
    if const(config.get("use_cudnn")) is False:
        return "", ""
    for name, usual in _ACTIVATIONS.items():
        given = _word(config.get(name))
        if given is not None and given != usual:
            return (
                f'`{layer.name}` with `{name}="{given}"`',
                f'only `{name}="{usual}"`, its default, has the kernel',
            )
    dropped = const(config.get("recurrent_dropout"))
    if isinstance(dropped, (int, float)) and dropped > 0:
        return f"`{layer.name}` with `recurrent_dropout`", "`dropout`, on the layer's input, keeps the kernel"
    for name in _NEEDED:
        if const(config.get(name)) is False:
            return f"`{layer.name}` with `{name}=False`", f"only `{name}=True`, its default, has the kernel"
    return "", ""


def _word(value: Value | None) -> str | None:
    """An activation by its name; None when it is not given or not named."""
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else "linear" if value.value is None else None
    return None
