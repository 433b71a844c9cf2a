"""Where images have their channels: what the script sets for all layers, and what tests on that find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer
from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Scalar, Value, const
from keras_memlint.analysis.interpret.layers import LAYER_SIGNATURES
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter

DEFAULT = "channels_last"
_NAMES = {DEFAULT: DEFAULT, "channels_first": "channels_first", "tf": DEFAULT, "th": "channels_first"}
_OLD = {DEFAULT: "tf", "channels_first": "th"}
_SET = frozenset(
    [
        "keras.backend.set_image_data_format",
        "keras.config.set_image_data_format",
        "keras.backend.set_image_dim_ordering",
    ]
)
_ASKED = frozenset(
    ["keras.backend.image_data_format", "keras.config.image_data_format", "keras.backend.image_dim_ordering"]
)


def heed(run: Interpreter, call: Call) -> Value | None:
    """What a call about the channels gives, noting what it sets; None for other calls."""
    if call.name in _SET:
        given = call.args[0] if call.args else next(iter(call.kwargs.values()), UNKNOWN)
        run.data_format = _NAMES.get(str(const(given)))
        return Const(None)
    if call.name not in _ASKED:
        return None
    if run.data_format is None:
        return Scalar("str")
    return Const(_OLD[run.data_format] if call.name.endswith("ordering") else run.data_format)


def is_asked(run: Interpreter, test: tree.Expr) -> bool:
    """Whether ``test``, which was evaluated last, compares where channels are."""
    made = run.calls[-1] if run.calls else None
    asked = made is not None and made.name in _ASKED
    return asked and isinstance(test, tree.Compare) and made is not None and made.node is test.left


def apply(run: Interpreter, layer: Layer) -> None:
    """Give ``layer`` the channels that the script sets for all, where it says nothing itself."""
    if run.data_format != DEFAULT and "data_format" in LAYER_SIGNATURES.get(layer.name, ()):
        told = Const(run.data_format) if run.data_format is not None else UNKNOWN
        layer.config.setdefault("data_format", told)
