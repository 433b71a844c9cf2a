"""KM704: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import const
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.fixes.statements import after_imports
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.gpu_runtime._sharing import is_limited, other_framework

RULE = Rule(
    "KM704",
    "two-frameworks-one-gpu",
    severity="info",
    words=("jax", "torch"),
    fix="safe",
)

_NAMES = {"jax": "JAX", "torch": "PyTorch"}


def check(script: Script) -> Iterator[Finding]:
    if script.cpu_only or script.is_test or _hidden(script):
        return
    if script.backend in _NAMES:
        yield from _beside_keras(script, _NAMES[script.backend])
        return
    found = other_framework(script)
    if found is None:
        return
    call, name = found
    share = "three quarters of its memory" if name == "JAX" else "what it needs"
    yield Finding(
        at=script.call_place(call),
        site=script.place(call.site),
        message=f"{name} and TensorFlow share a GPU: {name} takes {share}, TensorFlow nearly all that is left",
        help="let TensorFlow's memory grow with `set_memory_growth`"
        + (", and set `XLA_PYTHON_CLIENT_PREALLOCATE=false` before JAX starts" if name == "JAX" else ""),
    )


def _hidden(script: Script) -> bool:
    """Whether TensorFlow sees no GPU, or is a build without."""
    return any(const(call.first()) == [] for call in script.calls("tf.config.set_visible_devices")) or (
        script.project.has_no_gpu_build or script.project.mentions("set_visible_devices")
    )


def _beside_keras(script: Script, name: str) -> Iterator[Finding]:
    """TensorFlow feeds a model that trains on another backend, and takes the GPU for it."""
    start = next((call for call in script.starts if call.name.startswith("tf.")), None)
    if start is None or is_limited(script) or not any(True for _ in script.trainings):
        return
    yield Finding(
        at=script.call_place(start),
        site=script.place(start.site),
        message=f"TensorFlow takes nearly all GPU memory with its first tensor or dataset, which {name} needs for training",
        help='hide the GPUs from TensorFlow: `tf.config.set_visible_devices([], "GPU")` below the imports',
        fixes=_fixes(script),
    )


def _fixes(script: Script) -> tuple[Fix, ...]:
    text, imports = spell(script, "tensorflow.config.set_visible_devices")
    edit = after_imports(script, f'{text}([], "GPU")', text) if not imports else None
    return (Fix("hide the GPUs from TensorFlow", True, (edit,)),) if edit is not None else ()
