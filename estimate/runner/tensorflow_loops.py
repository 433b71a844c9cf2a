"""Loops around a ``tf.function`` that contains the update."""

from __future__ import annotations

import contextlib
import functools
import gc
import inspect
import sys
import time
import types
from types import ModuleType
from typing import Any, Iterator

from . import optimizers, programs_tensorflow, shapes, variables
from .catch import Argument, Cannot, Catch, Options, Program
from .loops import Loops, Training, Update
from .run import Run

HOMES = (
    "tensorflow.python.eager.polymorphic_function.polymorphic_function",
    "tensorflow.python.eager.def_function",
)
"""Where ``Function`` is defined, now and in old versions."""


class _Call:
    """One call of a function; tracing leaves its updates here."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.updates: list[Update] = []


def install(run: Run, loops: Loops) -> None:
    """Waits for TensorFlow's functions."""
    loops.tracers["tensorflow"] = functools.partial(traced, loops)
    for home in HOMES:
        run.hooks.after(home, lambda module: _take_over(run, loops, module))
    run.hooks.after("tensorflow.python.training.optimizer", lambda module: _sessions(run, module))


def _take_over(run: Run, loops: Loops, module: ModuleType) -> None:
    function: Any = vars(module).get("Function")
    if function is None:
        return
    original = function.__call__
    training: dict[int, Update] = {}

    @functools.wraps(original)
    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        if not run.watching or loops.calls:
            return original(self, *arguments, **options)
        entry = _Call(self)
        loops.calls.append(entry)
        began = time.perf_counter()
        try:
            result = original(self, *arguments, **options)
        finally:
            loops.calls.pop()
        if entry.updates:
            training[id(self)] = entry.updates[0]
        update = training.get(id(self))
        if update is not None:
            _stepped(loops, self, update, (arguments, options), time.perf_counter() - began)
        return result

    function.__call__ = call


def _stepped(loops: Loops, function: Any, update: Update, arguments: Any, seconds: float) -> None:
    def catch(training: Training) -> Catch:
        model = loops.model_of(update)
        structure = shapes.map_structure(_tensor, arguments)
        only = shapes.map_structure(lambda leaf: leaf if isinstance(leaf, shapes.Shape) else None, structure)
        batch = shapes.leading(loops.data_of(model))
        if batch is None:
            batch = shapes.leading(only)
        program: Program = FunctionStep(loops, function, update, structure, batch)
        if any(
            "Iterator" in type(leaf).__name__ or "Dataset" in type(leaf).__name__
            for leaf in shapes.leaves(arguments)
        ):
            program = Program("the step reads its data inside the graph")
        data = only if shapes.leaves(only) else loops.data_of(model)
        return loops.catch("tf.function loop", "tensorflow", update, training, model, data, batch, program)

    loops.step(function, seconds, "tensorflow", catch)


def _tensor(leaf: Any) -> Any:
    """A tensor's or array's shape; anything else stays what it is."""
    tensorflow: Any = sys.modules["tensorflow"]
    is_array = tensorflow.is_tensor(leaf) or type(leaf).__module__ == "numpy"
    if (
        not is_array
        or hasattr(leaf, "assign")
        or isinstance(leaf, (tensorflow.RaggedTensor, tensorflow.SparseTensor))
    ):
        return leaf
    return shapes.of(leaf) or leaf


class FunctionStep(programs_tensorflow.Traced):
    """A function of the script, called with what it was called with."""

    def __init__(
        self, loops: Loops, function: Any, update: Update, arguments: Any, batch: int | None
    ) -> None:
        super().__init__(arguments, batch)
        self._loops = loops
        self._function = function
        self._update = update
        self.jit = bool(getattr(function, "_jit_compile", None))

    def _call(self, arguments: Any) -> Any:
        tensorflow: Any = sys.modules["tensorflow"]
        # A new function: the script's own remembers what it traced, with the optimizer of that time.
        autograph = getattr(self._function, "_autograph", True)
        again = tensorflow.function(self._function.python_function, autograph=autograph)
        positional, named = arguments
        return again(*positional, **named)

    def _kinds(self) -> dict[int, tuple[str, str]]:
        found = variables.kinds_of(self._update.trained, "parameter")
        for model in self._loops.models():
            found.update(variables.kinds(model, None))
        found.update(variables.kinds(None, self._update.optimizer))
        return found

    @contextlib.contextmanager
    def _swapped(self, options: Options) -> Iterator[list[Any]]:
        old = self._update.optimizer
        new = optimizers.like(old, options)
        if not self._update.trained:
            raise Cannot("the weights that the optimizer updates are not known")
        new.build(self._update.trained)
        self._loops.replaced = (old, new)
        try:
            yield variables.of_optimizer(new)
        finally:
            self._loops.replaced = None

    def _layers(self) -> list[Any]:
        return [layer for model in self._loops.models() for layer in getattr(model, "layers", [])]


class EagerStep(FunctionStep):
    """A plain function of the script whose operations run one by one: its graph tells what is alive, but is never compiled."""

    def cannot(self) -> dict[str, str]:
        return {"program": self.reason}

    def export(self, options: Options) -> tuple[bytes, list[Argument]]:
        raise Cannot(self.reason)


def traced(loops: Loops, update: Update, batch: int | None) -> Program | None:
    """The function of the script around an update that runs at once, if one batch is all that it is called with."""
    frame = update.frame
    function = _function_of(frame) if frame is not None else None
    if frame is None or function is None:
        return None
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    given = [frame.f_locals.get(name) for name in names]
    arguments = shapes.map_structure(
        _tensor, (given[: code.co_argcount], dict(zip(names[code.co_argcount :], given[code.co_argcount :])))
    )
    sizes = [
        leaf.shape[0] for leaf in shapes.leaves(arguments) if isinstance(leaf, shapes.Shape) and leaf.shape
    ]
    if batch not in sizes:
        return None
    plain = types.SimpleNamespace(python_function=function)
    step = EagerStep(loops, plain, update, arguments, batch)
    step.reason = "the loop runs operation by operation: there is no program to compile"
    return step


def _function_of(frame: types.FrameType) -> Any:
    """The function that the frame runs; None for the script's own level and for generators."""
    code = frame.f_code
    if code.co_name == "<module>" or code.co_flags & (
        inspect.CO_GENERATOR | inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    ):
        return None
    found = [
        owner
        for owner in gc.get_referrers(code)
        if isinstance(owner, types.FunctionType) and owner.__code__ is code
    ]
    return found[0] if len(found) == 1 else None


def _sessions(run: Run, module: ModuleType) -> None:
    """Training in sessions of TensorFlow 1 is recognised, to be refused with a reason."""
    kind: Any = vars(module).get("Optimizer")
    if kind is None:
        return
    original = kind.apply_gradients

    @functools.wraps(original)
    def apply_gradients(self: Any, *arguments: Any, **options: Any) -> Any:
        if run.watching:
            run.unsupported = "the script trains in a session of TensorFlow 1"
        return original(self, *arguments, **options)

    kind.apply_gradients = apply_gradients
