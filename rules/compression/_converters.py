"""TensorFlow Lite converters that are not set up for anything but float32."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Const, Items, Object
from keras_memlint.analysis.script import Script

CONVERT = "tf.lite.TFLiteConverter.convert"
_KNOWN = {
    "allow_custom_ops",
    "experimental_new_converter",
    "inference_input_type",
    "inference_output_type",
    "optimizations",
    "representative_dataset",
    "target_spec",
}


def unoptimized(script: Script) -> Iterator[tuple[Call, Object]]:
    """The first conversion of each converter that ``optimizations`` are not set on, as far as is known."""
    seen: set[int] = set()
    for call in script.calls(CONVERT):
        converter = call.receiver
        if not isinstance(converter, Object) or id(converter) in seen:
            continue
        seen.add(id(converter))
        if not unset(converter, "optimizations") or _given_away(script, converter):
            continue
        if converter.state.keys() <= _KNOWN:
            yield call, converter


def _given_away(script: Script, converter: Object) -> bool:
    """Whether something that is not known got hold of the converter and may have set it up."""
    for call in script.all_calls:
        if converter in (*call.args, *call.kwargs.values()) and not call.name.startswith("builtins."):
            return True
    return False


def unset(converter: Object, name: str) -> bool:
    """Whether ``name`` is not set on the converter, or to nothing."""
    value = converter.state.get(name)
    if value is None or (isinstance(value, Const) and value.value is None):
        return True
    return isinstance(value, Items) and value.items == ()
