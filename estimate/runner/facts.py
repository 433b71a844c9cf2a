"""What the client is told of a caught step."""

from __future__ import annotations

import os
import platform
import re
import sys
from types import FrameType
from typing import Any

from . import automatic_jit, host, policies, shapes, variables
from .catch import Catch
from .run import Run

_VERSIONED = ("keras", "tensorflow", "tf_keras", "jax", "torch", "numpy")


def of(run: Run, catch: Catch) -> dict[str, Any]:
    """The ``caught`` event's content."""
    cannot = catch.program.cannot()
    before = run.before_training or (host.resident(), host.resident_peak())
    return {
        "hook": catch.hook,
        "flavour": flavour(catch),
        "backend": catch.backend,
        "versions": versions(),
        "file": _file(run, catch),
        "line": catch.line,
        "fits": run.fits,
        "batch_size": catch.batch_size,
        "steps": catch.steps,
        "policy": policy(catch),
        "optimizer": optimizer_name(catch.optimizer),
        "accumulation": accumulation(catch.optimizer),
        "jit": jit(catch),
        "bytes": sizes(catch),
        "layers": layers(catch.model),
        "not_covered": run.notes,
        "blocked": dict(run.blocked),
        "written": run.keeper.written if run.keeper is not None else [],
        "host": {
            "before_training": before[0],
            "peak_before_training": before[1],
            "peak": host.resident_peak(),
            "imports": run.imports,
            "buffers": catch.buffers,
        },
        "cpu": {"allocator_peak": catch.allocator.get("cpu")},
        "gpu": catch.allocator.get("gpu"),
        "can": [name for name in ("program", "liveness") if name not in cannot],
        "cannot": cannot,
        "seconds": {
            "import": round(run.seconds.get("import", 0), 3),
            "script": round(run.seconds.get("script", 0), 3),
            "trace": round(max(0.0, catch.step_seconds[0] - min(catch.step_seconds)), 3)
            if catch.step_seconds
            else 0,
            "steps": [round(seconds, 4) for seconds in catch.step_seconds],
        },
    }


def _file(run: Run, catch: Catch) -> str:
    """Where the step was caught; the script where none of the user's code is around it, as in a module that is installed."""
    if catch.frame is not None:
        return os.path.abspath(catch.frame.f_code.co_filename)
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(run.asked.script or main or run.asked.cwd)


def backend(model: Any) -> str:
    """The framework that a model of any Keras runs on."""
    if not is_keras_3(model):
        return "tensorflow"
    keras: Any = sys.modules.get("keras")
    try:
        return str(keras.backend.backend())
    except AttributeError:
        return str(keras.config.backend())


def is_keras_3(thing: Any) -> bool:
    """Whether a model or optimizer is of Keras 3."""
    keras: Any = sys.modules.get("keras")
    version = str(getattr(keras, "__version__", "0"))
    homes = {kind.__module__.split(".")[0] for kind in type(thing).__mro__}
    return "keras" in homes and "tf_keras" not in homes and int(version.split(".")[0] or 0) >= 3


def flavour(catch: Catch) -> str:
    """Under which name the script knows Keras, or the framework of a loop without it."""
    thing = catch.model if catch.model is not None else catch.optimizer
    homes = {kind.__module__.split(".")[0] for kind in type(thing).__mro__}
    if "tf_keras" in homes:
        return "tf_keras"
    if "keras" in homes or "tensorflow" in homes:
        return "tf.keras" if _only_tensorflow(catch.frame) else "keras"
    return catch.backend if catch.backend in ("jax", "torch") else "tf.keras"


def _only_tensorflow(frame: FrameType | None) -> bool:
    """Whether the script imports TensorFlow and no Keras of its own."""
    if frame is None:
        return False
    try:
        with open(frame.f_code.co_filename, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return False
    own = re.search(r'^[\s"]*(?:import|from)\s+keras\b', text, re.MULTILINE)
    return not own and bool(re.search(r'^[\s"]*(?:import|from)\s+tensorflow\b', text, re.MULTILINE))


def versions() -> dict[str, str]:
    """Of Python and of the frameworks that the script imported."""
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found


def policy(catch: Catch) -> str:
    """The float policy of the model; the global one where it has none."""
    own = getattr(getattr(catch.model, "dtype_policy", None), "name", None)
    package = "tf_keras" if flavour(catch) == "tf_keras" else "keras"
    current = policies.current(package)
    return current if own in (None, "float32") else str(own)


def optimizer_name(optimizer: Any) -> str | None:
    """Its class, seen through loss scaling."""
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    return type(inner).__name__ if inner is not None else None


def accumulation(optimizer: Any) -> int:
    """Over how many steps the optimizer accumulates gradients."""
    inner = getattr(optimizer, "inner_optimizer", None) or optimizer
    return int(getattr(inner, "gradient_accumulation_steps", None) or 1)


def jit(catch: Catch) -> dict[str, Any]:
    """Whether XLA compiles the step: here, and where a GPU is visible."""
    model = catch.model
    if catch.hook not in ("fit", "train_on_batch") or model is None:
        compiled = bool(getattr(catch.program, "jit", False))
        return {"here": compiled, "on_gpu": compiled}
    here = bool(getattr(model, "jit_compile", None) or getattr(model, "_jit_compile", None))
    if not is_keras_3(model) or getattr(model, "run_eagerly", False):
        return {"here": here, "on_gpu": here}
    if id(model) not in automatic_jit.MODELS or catch.backend == "torch":
        return {"here": here, "on_gpu": here}
    # What Keras does when it sees a GPU: see _resolve_auto_jit_compile of its trainer.
    trainer: Any = sys.modules.get("keras.src.trainers.trainer")
    supports = getattr(trainer, "model_supports_jit", lambda _model: True)(model)
    return {"here": here, "on_gpu": bool(supports) and not getattr(model, "_distribute_strategy", None)}


def sizes(catch: Catch) -> dict[str, int]:
    """Bytes of what stays in memory from step to step, and of one batch."""
    model, optimizer = catch.model, catch.optimizer
    learned = variables.parameters(model) if model is not None else []
    trained = variables.weights_trained(model, catch.trained)
    return {
        "parameters": variables.size(learned or trained),
        "trainable": variables.size(trained),
        "optimizer": variables.size(variables.of_optimizers(model, optimizer)),
        "state": variables.size(variables.others(model, optimizer)) if model is not None else 0,
        "inputs": shapes.total(catch.data),
    }


def layers(model: Any) -> list[dict[str, Any]]:
    """The layers in order, with their output's shape where it is known."""
    listed = []
    for layer in getattr(model, "layers", None) or ():
        listed.append(
            {
                "name": str(getattr(layer, "name", "")),
                "class": type(layer).__name__,
                "shape": _output_shape(layer),
                "parameters": _count(layer),
            }
        )
    return listed


def _output_shape(layer: Any) -> Any:
    try:
        output = layer.output
        first = shapes.leaves(output)
        shape = shapes.of(first[0]) if first else None
        return list(shape.shape) if shape else None
    except Exception:
        return None


def _count(layer: Any) -> int:
    total = 0
    for weight in variables.weights(layer):
        shape = shapes.of(weight)
        count = 1
        for size in shape.shape if shape else (0,):
            count *= size or 0
        total += count
    return total
