"""KM807: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis import tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.values import Api, Const, Items, Model, Object
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import before
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM807", "tflite-no-optimizations", severity="hint", words=("TFLiteConverter",), fix="unsafe")

_CONVERT = "tf.lite.TFLiteConverter.convert"
_KNOWN = {
    "allow_custom_ops",
    "experimental_new_converter",
    "inference_input_type",
    "inference_output_type",
    "optimizations",
    "representative_dataset",
    "target_spec",
}
_HELP = "set `converter.optimizations = [tf.lite.Optimize.DEFAULT]`"


def check(script: Script) -> Iterator[Finding]:
    found = list(_converters(script))
    asked = [(call, what) for call, converter in found if (what := _asked(converter))]
    for call, what in asked:
        fails = what.startswith("inference")
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{what}` is set without `optimizations`: "
            + ("conversion raises ValueError" if fails else "it has no effect, the weights stay float32"),
            bytes=None if fails else _weights(call),
            help=_HELP,
            fixes=_fixes(script, call, "do what was asked for"),
            severity="error" if fails else "warning",
        )
    if found and not asked and not script.is_test and not _compares(script) and not _is_aware(script):
        call, _converter = found[0]
        weights = _weights(call)
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="the converted model keeps its weights in float32",
            bytes=weights,
            help=_HELP,
            fixes=_fixes(script, call, "quantize the weights"),
            severity="info" if script.large(weights) else "hint",
        )


def _converters(script: Script) -> Iterator[tuple[Call, Object]]:
    """The first conversion of each converter that ``optimizations`` are not set on, as far as is known."""
    seen: set[int] = set()
    for call in script.calls(_CONVERT):
        converter = call.receiver
        if not isinstance(converter, Object) or id(converter) in seen:
            continue
        seen.add(id(converter))
        if not _unset(converter, "optimizations") or _given_away(script, converter):
            continue
        if converter.state.keys() <= _KNOWN:
            yield call, converter


def _given_away(script: Script, converter: Object) -> bool:
    """Whether something that is not known got hold of the converter and may have set it up."""
    for call in script.all_calls:
        if converter in (*call.args, *call.kwargs.values()) and not call.name.startswith("builtins."):
            return True
    return False


def _compares(script: Script) -> bool:
    """Whether another converter is set up: then this one is what its results are compared with."""
    return any(
        isinstance(call.receiver, Object) and not _unset(call.receiver, "optimizations")
        for call in script.calls(_CONVERT)
    )


def _is_aware(script: Script) -> bool:
    """Whether the script trains for quantization, which KM806 is about."""
    return script.uses("tfmot.quantization.keras.")


def _weights(call: Call) -> int | None:
    """Bytes of the model's weights as float32; None when not known."""
    made = call.receiver.call if isinstance(call.receiver, Object) else None
    model = made.arg("model") if made is not None else None
    return model.parameters * 4 if isinstance(model, Model) and model.parameters is not None else None


def _unset(converter: Object, name: str) -> bool:
    """Whether ``name`` is not set on the converter, or to nothing."""
    value = converter.state.get(name)
    if value is None or (isinstance(value, Const) and value.value is None):
        return True
    return isinstance(value, Items) and value.items == ()


def _asked(converter: Object) -> str:
    """What is set on the converter that asks for narrower numbers; empty when nothing is."""
    spec = converter.state.get("target_spec")
    types = spec.state.get("supported_types") if isinstance(spec, Object) else None
    if isinstance(types, Items) and any(
        isinstance(one, Api) and one.name == "tf.float16" for one in types.items or ()
    ):
        return "supported_types"
    for name in ("inference_input_type", "inference_output_type"):
        kind = converter.state.get(name)
        if isinstance(kind, Api) and kind.name in ("tf.int8", "tf.uint8"):
            return name
    if not _unset(converter, "representative_dataset"):
        return "representative_dataset"
    return ""


def _fixes(script: Script, call: Call, effect: str) -> tuple[Fix, ...]:
    """A statement before the conversion; none where the converter has no name or ``optimizations`` is set already."""
    func = call.node.func
    if (
        not isinstance(func, tree.Attribute)
        or not isinstance(func.value, tree.Name)
        or not script.own(call.node)
    ):
        return ()
    if isinstance(call.receiver, Object) and "optimizations" in call.receiver.state:
        return ()
    statement = script.statement_at(script.place(call.node).start)
    if statement is None:
        return ()
    text, imports = spell(script, "tensorflow.lite.Optimize.DEFAULT", call.node)
    edit = before(script, statement, f"{func.value.id}.optimizations = [{text}]")
    title = f"{effect} (unsafe: the model's numbers change)"
    return (Fix(title, False, (edit, *imports)),) if edit is not None and not imports else ()
