"""What functions that build a published network ask Keras about its input."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import KerasTensor
from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Items, Value, const
from keras_memlint.analysis.facts.table import Machine, fact, table

_SOURCE = "Keras source, applications/imagenet_utils.py"


def _is_symbolic(call: Call, _run: Machine) -> Value:
    return Const(True) if isinstance(call.first(), KerasTensor) else UNKNOWN


def _input_shape(call: Call, _run: Machine) -> Value:
    """The shape that is given, or else the default one of the network; unknown where channels come first."""
    given, flatten = call.arg("input_shape"), call.arg("require_flatten") or call.arg("include_top")
    size, top = call.const("default_size"), const(flatten) if flatten is not None else None
    if call.const("data_format") == "channels_first":
        return UNKNOWN
    if isinstance(given, Items):
        return given
    if not isinstance(given, Const) or given.value is not None or not isinstance(top, bool):
        return UNKNOWN
    side = Const(size if top else None)
    return Items("tuple", (side, side, Const(3)), length=3) if isinstance(size, int) else UNKNOWN


_SHAPE = "input_shape default_size min_size data_format require_flatten weights"
KERAS_NETWORKS = table(
    fact(
        "keras.backend.is_keras_tensor",
        "x",
        _is_symbolic,
        probe="keras.backend.is_keras_tensor(keras.Input((3,)))",
    ),
    *(
        fact(f"keras.applications.imagenet_utils.{name}", _SHAPE, _input_shape, see=_SOURCE)
        for name in ("_obtain_input_shape", "obtain_input_shape")
    ),
)
