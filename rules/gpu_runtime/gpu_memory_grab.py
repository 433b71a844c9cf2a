"""KM701: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.bytes import format_bytes
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.values import Function, const
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import after_imports
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM701", "gpu-memory-grab", severity="hint", words=("fit", "train_on_batch"), fix="safe")

_LIMITS = (
    "tf.config.experimental.set_memory_growth",
    "tf.config.set_logical_device_configuration",
    "tf.compat.v1.ConfigProto",
    "tf.ConfigProto",
    "tf.GPUOptions",
)
_PROCESSES = ("multiprocessing.Process", "multiprocessing.context.Process", "torch.multiprocessing.Process")


def check(script: Script) -> Iterator[Finding]:
    if script.settings.exclusive_gpu or script.backend != "tensorflow" or script.cpu_only or script.is_test:
        return
    if script.slices_arrays:
        return  # TensorFlow 1 has another way to say it
    if script.uses(*_LIMITS) or script.sets_environment("TF_FORCE_GPU_ALLOW_GROWTH", "TF_GPU_ALLOCATOR"):
        return
    first = next(
        (fit for fit in script.trainings if fit.call.function is None or fit.call.function.name == "main"),
        None,
    )
    if first is None or script.project.mentions(
        "set_memory_growth", "allow_growth", "set_logical_device_configuration"
    ):
        return
    starter = _several_processes(script)
    yield Finding(
        at=script.call_place(first.call),
        site=script.place(first.call.site),
        message="TensorFlow takes nearly all memory of every visible GPU at the first operation"
        + ("; this script trains in several processes" if starter else ""),
        cost=_need(script, first),
        help="let the allocation grow with `set_memory_growth`; memory is not given back, so it is no cure for running out",
        related=(("processes are started here", script.call_place(starter)),) if starter else (),
        fixes=_fixes(script),
        severity="warning" if starter else "hint",
    )


def _need(script: Script, fit: Fit) -> str:
    """What this training takes of a GPU when it takes no more than it needs; empty when that was not estimated."""
    measurement = script.measurement_of(fit)
    if measurement is None:
        return ""
    one = measurement.on(script.settings.target.gpu)
    if one.memory is None or one.tier == "bound" or one.fits != "yes":
        return ""
    return f"training needs {format_bytes(one.likely)} of the {format_bytes(one.memory)} of {one.name}, {one.how}"


def _several_processes(script: Script) -> Call | None:
    """The call that starts processes which train, each with a GPU allocation of its own."""
    training = {id(fit.call.function.node) for fit in script.trainings if fit.call.function is not None}
    for call in script.calls(*_PROCESSES):
        target = call.kwargs.get("target")
        if isinstance(target, Function) and id(target.node) in training and call.loops:
            return call
    for call in script.calls(
        "sklearn.model_selection.GridSearchCV", "sklearn.model_selection.RandomizedSearchCV"
    ):
        jobs = call.arg("n_jobs")
        estimator = getattr(call.first(), "api", "")
        if "Keras" in estimator and jobs is not None and const(jobs) not in (None, 1):
            return call
    return None


def _fixes(script: Script) -> tuple[Fix, ...]:
    devices, imports = spell(script, "tensorflow.config.list_physical_devices")
    growth, _ = spell(script, "tensorflow.config.experimental.set_memory_growth")
    if imports:
        return ()
    text = f'for gpu in {devices}("GPU"):\n    {growth}(gpu, True)'
    edit = after_imports(script, text, devices, growth)
    return (Fix("let GPU memory grow as it is needed", True, (edit,)),) if edit is not None else ()
