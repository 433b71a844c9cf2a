"""Loops around a function compiled by ``jax.jit`` that contains the update."""

from __future__ import annotations

import functools
import sys
import time
from types import ModuleType
from typing import Any, Callable

from . import places, shapes
from .catch import Catch
from .loops import Loops, Training, Update, is_traced, jax_leaves
from .run import Run


def install(run: Run, loops: Loops) -> None:
    """Waits for JAX and Optax."""
    run.hooks.after("jax", lambda module: _take_over(run, loops, module))
    run.hooks.after("optax._src.update", lambda module: _optax(loops, module))


def _take_over(run: Run, loops: Loops, jax: ModuleType) -> None:
    names = vars(jax)
    original = names["jit"]

    @functools.wraps(original)
    def jit(fun: Any = None, *arguments: Any, **options: Any) -> Any:
        if fun is None:
            return lambda function: jit(function, *arguments, **options)
        compiled = original(fun, *arguments, **options)
        return Jitted(run, loops, fun, options, compiled) if not arguments else compiled

    names["jit"] = jit
    for name in ("grad", "value_and_grad"):
        names[name] = _differentiating(run, loops, names[name])


class Jitted:
    """A function that ``jax.jit`` has compiled, with its calls counted. Everything else is the compiled one's."""

    def __init__(self, run: Run, loops: Loops, function: Any, options: dict[str, Any], compiled: Any) -> None:
        self.__wrapped__ = function
        self.updates: list[Update] = []
        self.options = options
        self._run = run
        self._loops = loops
        self._compiled = compiled
        for name in ("__name__", "__qualname__", "__doc__", "__module__"):
            if hasattr(function, name):
                setattr(self, name, getattr(function, name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__signature__":
            raise AttributeError(name)
        return getattr(self.__dict__["_compiled"], name)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        loops = self._loops
        if not self._run.watching or loops.calls:
            return self._compiled(*arguments, **options)
        loops.calls.append(self)
        began = time.perf_counter()
        try:
            result = self._compiled(*arguments, **options)
            if self.updates:
                jax: Any = sys.modules["jax"]
                jax.block_until_ready(result)
        finally:
            loops.calls.pop()
        if self.updates:
            self._stepped(arguments, options, time.perf_counter() - began)
        return result

    def _stepped(self, arguments: tuple[Any, ...], options: dict[str, Any], seconds: float) -> None:
        update = next((update for update in self.updates if update.strong), self.updates[0])

        def catch(training: Training) -> Catch:
            from . import programs_jax

            loops = self._loops
            model = loops.model_of(update)
            step = programs_jax.FunctionStep(
                self.__wrapped__, self.options, arguments, options, model, update.optimizer
            )
            step.guess_batch(shapes.leading(loops.data_of(model)))
            return loops.catch("jax loop", "jax", update, training, model, step.data(), step.batch, step)

        self._loops.step(self, seconds, "jax", catch)


def _differentiating(run: Run, loops: Loops, original: Callable[..., Any]) -> Callable[..., Any]:
    """``jax.grad`` whose results tell when they are traced: a loop that updates its weights by hand shows no other sign."""

    @functools.wraps(original)
    def differentiate(*arguments: Any, **options: Any) -> Any:
        inner = original(*arguments, **options)

        @functools.wraps(inner)
        def call(*given: Any, **named: Any) -> Any:
            if run.watching and loops.calls and is_traced((given, named)) and not loops.calls[0].updates:
                frame = places.user_frame()
                weak = Update(None, [], frame, frame.f_lineno if frame else 0, strong=False)
                loops.calls[0].updates.append(weak)
            return inner(*given, **named)

        return call

    return differentiate


def _optax(loops: Loops, module: ModuleType) -> None:
    names = vars(module)
    original = names["apply_updates"]

    @functools.wraps(original)
    def apply_updates(params: Any, updates: Any, *rest: Any, **options: Any) -> Any:
        result = original(params, updates, *rest, **options)
        if loops.run.watching:
            loops.updated(None, jax_leaves(params), (params, updates))
        return result

    names["apply_updates"] = apply_updates
