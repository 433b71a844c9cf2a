"""A mixed-precision policy set before the model is built, and the output kept in float32."""

from __future__ import annotations

from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.training.precision import gives_policy_dtype
from keras_memlint.fixes.calls import append_argument
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import after_imports

_CALLS = {
    "keras": "keras.mixed_precision.set_global_policy",
    "tf_keras": "tf_keras.mixed_precision.set_global_policy",
}


def train_in(script: Script, fit: Fit, policy: str) -> Fix | None:
    """``fit`` trains under ``policy``; None when its model's output is not known, or a policy has no place."""
    model = fit.model
    final = model.final if model is not None else None
    if model is None or final is None or final.call is None:
        return None
    flavour = model.flavour or fit.call.flavour
    text, imports = spell(script, _CALLS.get(flavour, "tensorflow.keras.mixed_precision.set_global_policy"))
    if imports:
        return None
    edits = [after_imports(script, f'{text}("{policy}")', text)]
    if gives_policy_dtype(final):
        edits.append(append_argument(script, final.call.node, 'dtype="float32"'))
    found: tuple[Edit, ...] = tuple([edit for edit in edits if edit is not None])
    if len(found) < len(edits):
        return None
    return Fix(f"train in `{policy}`", False, found, "activations lose precision")
