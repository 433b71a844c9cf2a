"""Catches training loops that scripts write themselves: by the optimizer's update, wherever it stands.

An update that runs at once is a step. One that is traced marks the compiled function around it, and the calls of that
function are the steps.
"""

from __future__ import annotations

import functools
import sys
import time
import weakref
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Callable

from . import allocators, facts, keras_fit, places, serve, shapes
from .catch import Catch, Program
from .run import Run


@dataclass
class Update:
    """One update: whose, of what, and from where in the script."""

    optimizer: Any
    trained: list[Any]
    frame: FrameType | None
    line: int
    strong: bool = True


@dataclass
class Training:
    """The steps of one loop so far."""

    wanted: bool
    watch: allocators.Watch
    seconds: list[float] = field(default_factory=list)
    last: float = 0.0


class Loops:
    """All the loops of a script. ``calls`` are the compiled functions being called now, outermost first.

    ``tracers``, by backend: what makes a program of a step that runs operation by operation.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.calls: list[Any] = []
        self.replaced: tuple[Any, Any] | None = None
        self.tracers: dict[str, Callable[[Update, int | None], Program | None]] = {}
        self._trainings: dict[int, Training] = {}
        self._kept: list[Any] = []
        self._models: dict[int, tuple[weakref.ref[Any], Any]] = {}
        self._inside = 0
        self._first_call = 0.0
        self._updating = False

    # ------------------------------------------------------------------------------------------ what the hooks tell

    def update(self, original: Callable[..., Any], optimizer: Any, *arguments: Any, **options: Any) -> Any:
        """An optimizer's method that updates weights is called."""
        if self.replaced is not None and self.replaced[0] is optimizer:
            optimizer, name = self.replaced[1], original.__name__
            return getattr(optimizer, name)(*arguments, **options)
        if self._updating or not self.run.watching:
            return original(optimizer, *arguments, **options)
        # What passes as an iterator is read once, and belongs to the optimizer.
        arguments = tuple(list(item) if isinstance(item, zip) else item for item in arguments)
        self._updating = True
        try:
            result = original(optimizer, *arguments, **options)
        finally:
            self._updating = False
        if original.__name__ == "stateless_apply":
            trained = list(arguments[2]) if len(arguments) > 2 else []
        else:
            trained = _trained(arguments, options)
        self.updated(optimizer, trained, [*arguments, *options.values()])
        return result

    def updated(self, optimizer: Any, trained: list[Any], arrays: Any) -> None:
        """Weights have been updated, or the update has been traced."""
        frame = places.user_frame()
        update = Update(optimizer, trained, frame, frame.f_lineno if frame else 0)
        if is_traced(arrays):
            if self.calls:
                self.calls[0].updates.append(update)
            return
        self._eager(update)

    def model_called(self, model: Any, arguments: Any) -> None:
        """A model is applied to something."""
        if not self._first_call:
            self._first_call = time.perf_counter()
        data = shapes.map_structure(shapes.of, arguments)
        self._models[id(model)] = (weakref.ref(model), data)

    def calls_model(self, original: Callable[..., Any], inputs: int) -> Callable[..., Any]:
        """``Model.__call__`` that tells of the outermost models; ``inputs`` is the place of what they are applied to."""

        @functools.wraps(original)
        def call(model: Any, *arguments: Any, **options: Any) -> Any:
            if self._inside or not self.run.watching:
                return original(model, *arguments, **options)
            self._inside += 1
            try:
                self.model_called(model, arguments[inputs] if len(arguments) > inputs else None)
                return original(model, *arguments, **options)
            finally:
                self._inside -= 1

        return call

    # ----------------------------------------------------------------------------------------------------- counting

    def step(self, key: Any, seconds: float | None, backend: str, catch: Callable[[Training], Catch]) -> None:
        """One more step of the loop that ``key`` stands for. The last one does not return."""
        run = self.run
        training = self._trainings.get(id(key))
        now = time.perf_counter()
        if training is None:
            training = Training(
                run.fits == run.asked.fit_index, allocators.Watch(backend), last=self._first_call or now
            )
            self._trainings[id(key)] = training
            self._kept.append(key)
            run.fits += 1
            if training.wanted:
                run.training_starts()
                training.watch.start()
        training.seconds.append(now - training.last if seconds is None else seconds)
        training.last = now
        if not training.wanted:
            return
        done = len(training.seconds)
        run.step(done)
        if not run.enough(done, sum(training.seconds)):
            training.watch.after_step(done, run.asked.steps)
            return
        if len(self._trainings) > 1:
            run.note(
                "other models", f"{len(self._trainings)} optimizers take turns; one of them was measured"
            )
        run.hooked = True
        serve.caught(run, catch(training))

    def _eager(self, update: Update) -> None:
        model = self.model_of(update)
        backend = _backend_of(update, model)
        hook = {"jax": "jax loop", "torch": "torch loop"}.get(backend, "eager loop")

        def catch(training: Training) -> Catch:
            fit_model = _model_of_fit(update.frame)
            data = self.data_of(model)
            batch = shapes.leading(data) or batch_in(update.frame)
            if batch is not None and data is None:
                data = arrays_in(update.frame, batch)
            program = Program("the loop runs operation by operation: there is no program to compile")
            if backend in self.tracers:
                program = self.tracers[backend](update, batch) or program
            return self.catch(
                "overridden fit" if fit_model is not None else hook,
                backend,
                update,
                training,
                fit_model if fit_model is not None else model,
                data,
                batch,
                program,
            )

        self.step(update.optimizer, None, backend, catch)

    def catch(
        self,
        hook: str,
        backend: str,
        update: Update,
        training: Training,
        model: Any,
        data: Any,
        batch: int | None,
        program: Program,
    ) -> Catch:
        """What is known of a loop's step."""
        return Catch(
            hook=hook,
            backend=backend,
            frame=update.frame,
            line=update.line,
            steps=len(training.seconds),
            step_seconds=training.seconds,
            model=model,
            optimizer=update.optimizer,
            trained=update.trained,
            data=data,
            batch_size=batch,
            program=program,
            allocator=training.watch.result(),
        )

    # ------------------------------------------------------------------------------------------------------- models

    def models(self) -> list[Any]:
        """The models that were applied and are still there."""
        found = [reference() for reference, _data in self._models.values()]
        return [model for model in found if model is not None]

    def data_of(self, model: Any) -> Any:
        """What the model was last applied to."""
        return self._models[id(model)][1] if id(model) in self._models else None

    def model_of(self, update: Update) -> Any:
        """The model whose weights were updated; the one with the most of them."""
        trained = {id(part) for variable in update.trained for part in parts(variable)}
        best, most = None, 0
        for model in self.models():
            own = getattr(model, "trainable_weights", None) or ()
            count = sum(any(id(part) in trained for part in parts(variable)) for variable in own)
            if count > most:
                best, most = model, count
        if best is not None:
            return best
        fitting = [
            model for model in self.models() if len(model.trainable_weights) == len(update.trained) > 0
        ]
        return fitting[0] if fitting else None


# ------------------------------------------------------------------------------------------------------ small facts


def is_traced(arrays: Any) -> bool:
    """Whether an update is being traced rather than done."""
    jax: Any = sys.modules.get("jax")
    if jax is not None:
        tracer = getattr(getattr(jax, "core", None), "Tracer", ())
        if any(isinstance(leaf, tracer) for leaf in jax_leaves(arrays)):
            return True
    tensorflow: Any = sys.modules.get("tensorflow")
    eagerly = getattr(tensorflow, "executing_eagerly", None)
    return eagerly is not None and not eagerly()


def jax_leaves(value: Any) -> list[Any]:
    """The leaves of a structure as JAX sees it."""
    tree: Any = getattr(sys.modules["jax"], "tree_util", None)
    try:
        return list(tree.tree_leaves(value))
    except Exception:
        return shapes.leaves(value)


def parts(variable: Any) -> list[Any]:
    """A variable and what it wraps."""
    found = [variable]
    for name in ("_value", "_ml_value"):
        inner = getattr(variable, name, None)
        if inner is not None:
            found.append(inner)
    return found


def _trained(arguments: tuple[Any, ...], options: dict[str, Any]) -> list[Any]:
    """The variables among the arguments of ``apply(grads, variables)`` or ``apply_gradients(pairs)``."""
    given = [*arguments, *options.values()]
    if not given:
        return []
    if len(given) > 1 and isinstance(given[1], (list, tuple)):
        return list(given[1])
    first = given[0] if isinstance(given[0], (list, tuple)) else []
    return [item[1] for item in first if isinstance(item, (list, tuple)) and len(item) == 2]


def _backend_of(update: Update, model: Any) -> str:
    home = type(update.optimizer).__module__
    if home.startswith("torch"):
        return "torch"
    return facts.backend(update.optimizer if model is None else model)


def _model_of_fit(frame: FrameType | None) -> Any:
    """The model whose own ``fit`` contains the loop, if one does."""
    if frame is None:
        return None
    for one in places.frames(frame):
        code = one.f_code
        if code.co_name == "fit" and code.co_argcount and places.is_users(code.co_filename):
            owner = one.f_locals.get(code.co_varnames[0])
            if isinstance(owner, tuple(keras_fit.MODELS)):
                return owner
    return None


def arrays_in(frame: FrameType | None, batch: int | None = None) -> list[shapes.Shape]:
    """The shapes of the arrays that the loop holds in its names; those of one batch only, if given."""
    found = []
    for value in (frame.f_locals if frame else {}).values():
        for leaf in shapes.leaves(value) if isinstance(value, (list, tuple)) and len(value) < 9 else [value]:
            is_weight = hasattr(leaf, "assign") or type(leaf).__name__ == "Parameter"
            shape = None if is_weight or not hasattr(leaf, "shape") else shapes.of(leaf)
            if shape is not None and shape.shape and (batch is None or shape.shape[0] == batch):
                found.append(shape)
    return found


def batch_in(frame: FrameType | None) -> int | None:
    """The leading dimension that most of the loop's arrays share."""
    counted: dict[int, int] = {}
    for shape in arrays_in(frame):
        if shape.shape[0] is not None:
            counted[shape.shape[0]] = counted.get(shape.shape[0], 0) + 1
    return max(counted, key=lambda size: counted[size]) if counted else None
