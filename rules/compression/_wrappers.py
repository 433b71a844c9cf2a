"""Models that tfmot has wrapped: where they are saved, and what their wrappers are taken off with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Value
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.calls import wrap
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell

AWARE = ("tfmot.quantization.keras.quantize_model", "tfmot.quantization.keras.quantize_apply")
CONVERTS = "tf.lite.TFLiteConverter.from_keras_model"
_SAVES = (
    "keras.Model.save",
    "keras.Model.export",
    "keras.models.save_model",
    "keras.saving.save_model",
    "tf.saved_model.save",
    CONVERTS,
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A call that saves or converts ``model``."""

    call: Call
    model: Model


def saved(script: Script, *makers: str) -> Iterator[Saved]:
    """Where the models that one of these APIs made are saved or converted."""
    for call in script.calls(*_SAVES):
        model = call.receiver if call.name.startswith("keras.Model.") else call.first()
        if isinstance(model, Model) and is_made_by(model, *makers):
            yield Saved(call, model)


def is_made_by(model: Value | None, *makers: str) -> bool:
    """Whether a call of one of these APIs gave the model."""
    return isinstance(model, Model) and model.call is not None and model.call.name in makers


def made(script: Script, model: Value | None, note: str) -> tuple[tuple[str, Place], ...]:
    """The call that made the model, as a related place."""
    call = model.call if isinstance(model, Model) else None
    return ((note, script.call_place(call)),) if call is not None else ()


def strip_first(script: Script, saved: Saved, strip: str, price: str) -> tuple[Fix, ...]:
    """``model.save(…)`` becomes ``strip(model).save(…)``."""
    text, imports = spell(script, strip)
    node = saved.call.node
    if saved.call.name.startswith("keras.Model."):
        target = getattr(node.func, "value", None)
    else:
        target = node.args[0].value if node.args and node.args[0].name is None else None
    edits = wrap(script, target, f"{text}(", ")") if target is not None else None
    if edits is None:
        return ()
    return (Fix("strip the wrappers first", False, (*edits, *imports), price),)
