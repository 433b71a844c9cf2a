"""KM407: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Layer
from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import remove_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM407", "rnn-unroll", severity="info", words=("unroll",), fix="unsafe")

# Short sequences are unrolled for speed, and cost little.
STEPS = 50
_TITLE = "let a loop run the steps"
_PRICE = "last digits may differ"


def check(script: Script) -> Iterator[Finding]:
    if script.uses("tf.lite.TFLiteConverter.from_keras_model", "tf.lite.TFLiteConverter.from_saved_model"):
        return  # small devices have no loop
    for _call, _model, (use, *_more) in script.uses_of("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional"):
        layer = use.layer.config.get("layer") if use.layer.name == "Bidirectional" else use.layer
        shape = use.inputs[0] if use.inputs else None
        steps = shape[1] if shape is not None and len(shape) == 3 else None
        if not isinstance(layer, Layer) or const(layer.config.get("unroll")) is not True:
            continue
        if steps is None or steps < STEPS or layer.call is None:
            continue
        argument = layer.call.argument_node("unroll")
        edit = remove_argument(script, layer.call.node, argument) if argument is not None else None
        named = argument is not None and argument.name is not None
        yield Finding(
            at=script.call_place(layer.call),
            site=script.place(layer.call.site),
            message=f"`{layer.name}` is unrolled over {steps:,} steps: the graph holds each of them",
            help="leave out `unroll=True`",
            fixes=(Fix(_TITLE, False, (edit,), _PRICE),) if edit is not None and named else (),
        )
