"""Where loops are caught: the optimizers, models and compiled functions of each library, once it is imported."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Callable

from . import jax_loops, keras_fit, tensorflow_loops, torch_loops
from .loops import Loops
from .run import Run

_UPDATES = {
    "keras.src.optimizers.base_optimizer": {"BaseOptimizer": ("apply", "stateless_apply")},
    "keras.src.optimizers.loss_scale_optimizer": {"LossScaleOptimizer": ("apply", "stateless_apply")},
    "keras.src.backend.tensorflow.optimizer": {"TFOptimizer": ("stateless_apply",)},
    "keras.src.optimizers.optimizer": {"Optimizer": ("apply_gradients",)},
    "keras.src.optimizers.legacy.optimizer_v2": {"OptimizerV2": ("apply_gradients",)},
    "keras.optimizers.optimizer_v2.optimizer_v2": {"OptimizerV2": ("apply_gradients",)},
    "keras.optimizers.optimizer_experimental.optimizer": {"Optimizer": ("apply_gradients",)},
    "tf_keras.src.optimizers.optimizer": {"Optimizer": ("apply_gradients",)},
    "tf_keras.src.optimizers.legacy.optimizer_v2": {"OptimizerV2": ("apply_gradients",)},
    "tf_keras.src.mixed_precision.loss_scale_optimizer": {
        "LossScaleOptimizer": ("apply_gradients",),
        "LossScaleOptimizerV3": ("apply_gradients",),
    },
    "tensorflow.python.keras.optimizer_v2.optimizer_v2": {"OptimizerV2": ("apply_gradients",)},
}
"""The methods that update weights, by module and class."""


def install(run: Run) -> None:
    """Waits for every optimizer, for compiled functions and for models."""
    loops = Loops(run)
    for home, classes in _UPDATES.items():
        run.hooks.after(home, lambda module, c=classes: _take_over(loops, module, c))  # type: ignore[misc]
    for home in keras_fit.HOMES:
        run.hooks.after(home, lambda module: _watch_models(loops, module))
    tensorflow_loops.install(run, loops)
    jax_loops.install(run, loops)
    torch_loops.install(run, loops)


def _take_over(loops: Loops, module: ModuleType, classes: dict[str, tuple[str, ...]]) -> None:
    for class_name, names in classes.items():
        kind = vars(module).get(class_name)
        for name in names:
            # Keras 3 and Keras 2 share names of modules; what a class only inherits is hooked where it is defined.
            if kind is not None and name in vars(kind):
                setattr(kind, name, _updating(loops, vars(kind)[name]))


def _updating(loops: Loops, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        return loops.update(original, self, *arguments, **options)

    return method


def _watch_models(loops: Loops, module: ModuleType) -> None:
    model: Any = vars(module)["Model"]
    model.__call__ = loops.calls_model(model.__call__, 0)
    if hasattr(model, "stateless_call"):
        model.stateless_call = loops.calls_model(model.stateless_call, 2)
