"""KM701: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import after_imports
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.gpu_runtime._sharing import is_limited, other_framework, processes

RULE = Rule("KM701", "gpu-memory-grab", severity="hint", words=("fit", "train_on_batch"), fix="safe")


def check(script: Script) -> Iterator[Finding]:
    if script.settings.exclusive_gpu or script.backend != "tensorflow" or script.cpu_only or script.is_test:
        return
    if script.slices_arrays:
        return  # TensorFlow 1 has another way to say it
    if is_limited(script):
        return
    first = next(
        (fit for fit in script.trainings if fit.call.function is None or fit.call.function.name == "main"),
        None,
    )
    if first is None or other_framework(script) is not None or next(processes(script), None) is not None:
        return  # KM704 and KM705 say it, as a warning
    imported = _imported(script)
    yield Finding(
        at=script.place(imported) if imported is not None else script.name_place(first.call),
        message="TensorFlow takes nearly all memory of every visible GPU at the first operation",
        cost=_need(script, first),
        help="let the allocation grow with `set_memory_growth`; memory is not given back, so it is no cure for running out",
        fixes=_fixes(script),
    )


def _imported(script: Script) -> tree.Node | None:
    """The first import of TensorFlow or Keras in this script; None in a snippet without."""
    for one in script.imports:
        if one.dotted.partition(".")[0] in ("tensorflow", "keras", "tf_keras") and script.own(one.statement):
            return one.alias or one.statement
    return None


def _need(script: Script, fit: Fit) -> str:
    """What this training takes of a GPU when it takes no more than it needs; empty when that was not estimated."""
    measurement = script.measurement_of(fit)
    if measurement is None:
        return ""
    one = measurement.on(script.settings.target.gpu)
    if one.memory is None or one.tier == "bound" or one.fits != "yes":
        return ""
    return f"training needs {format_bytes(one.likely)} of the {format_bytes(one.memory)} of {one.name}, {one.how}"


def _fixes(script: Script) -> tuple[Fix, ...]:
    devices, imports = spell(script, "tensorflow.config.list_physical_devices")
    if imports:
        return ()
    growth, _ = spell(script, "tensorflow.config.experimental.set_memory_growth")
    text = f'for gpu in {devices}("GPU"):\n    {growth}(gpu, True)'
    edit = after_imports(script, text, devices, growth)
    return (Fix("let GPU memory grow as it is needed", True, (edit,)),) if edit is not None else ()
