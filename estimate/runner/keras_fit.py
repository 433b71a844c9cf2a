"""Catches ``Model.fit`` and ``train_on_batch`` of every Keras: Keras 3 on any backend, ``tf.keras``, ``tf_keras``, Keras 2."""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
import time
from types import ModuleType
from typing import Any, Callable

from . import allocators, buffers, facts, places, programs, serve, shapes
from .catch import Catch
from .run import Run, Stop

HOMES = (
    "keras.src.models.model",
    "tf_keras.src.engine.training",
    "keras.src.engine.training",
    "keras.engine.training",
    "tensorflow.python.keras.engine.training",
)
"""Modules that define ``Model``: Keras 3, tf_keras, Keras 2.13 to 2.15, Keras 2.6 to 2.12, TensorFlow's own of old."""

MODELS: list[type] = []
"""The ``Model`` classes seen so far."""

_DROPPED = {"validation_data": None, "validation_split": 0.0, "callbacks": None}


def install(run: Run) -> None:
    """Waits for every ``Model``."""
    for home in HOMES:
        run.hooks.after(home, lambda module: _take_over(run, module))


def _take_over(run: Run, module: ModuleType) -> None:
    model: Any = vars(module)["Model"]
    MODELS.append(model)
    model.fit = _fit(run, model.fit)
    for name in ("fit_generator",):
        if hasattr(model, name):
            setattr(model, name, _fit(run, getattr(model, name)))
    model.train_on_batch = _train_on_batch(run, model.train_on_batch)


# ---------------------------------------------------------------------------------------------------------- fit


def _fit(run: Run, original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(self: Any, *arguments: Any, **options: Any) -> Any:
        if not run.watching:
            return original(self, *arguments, **options)
        bound = signature.bind(self, *arguments, **options)
        bound.apply_defaults()
        given = bound.arguments
        index = run.fits
        run.fits += 1
        if index < run.asked.fit_index:
            return _one_step(run, self, original, bound)
        run.hooked = True
        try:
            caught = _Fit(run, self, given)
            caught.run(original, bound)
        finally:
            run.hooked = False

    return fit


def _one_step(run: Run, model: Any, original: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
    """A training before the one that is asked for: a step of it, so that what follows finds a model and a history."""
    given = bound.arguments
    run.hooked = True
    try:
        given["epochs"] = (given.get("initial_epoch") or 0) + 1
        given["callbacks"] = [_callback(model, after_step=lambda: setattr(model, "stop_training", True))]
        if given.get("validation_data") is not None or given.get("validation_split"):
            given["validation_steps"] = 1
        return original(*bound.args, **bound.kwargs)
    finally:
        run.hooked = False


class _Fit:
    """One ``fit`` that is stopped after some steps."""

    def __init__(self, run: Run, model: Any, given: dict[str, Any]) -> None:
        self._run = run
        self._model = model
        self._given = given
        self._data: Any = None
        self._batch: int | None = None
        self._seconds: list[float] = []
        self._began = 0.0
        self._frame = places.user_frame()
        self._line = self._frame.f_lineno if self._frame else 0
        self._backend = facts.backend(model)
        self._distributed = _is_distributed(model)
        x = given.get("x", given.get("generator"))
        self._x, self._given_batch = x, given.get("batch_size")
        self._watch = allocators.Watch(self._backend)

    def run(self, original: Callable[..., Any], bound: inspect.BoundArguments) -> None:
        """Trains, and never returns when a step was done, or seen where none is asked for."""
        self._cut()
        self._run.training_starts()
        self._watch.start()
        try:
            original(*bound.args, **bound.kwargs)
        except Stop:
            pass
        if self._seconds or (self._only_a_look and self._data is not None):
            serve.caught(self._run, self._catch())
        self._run.note("training", "fit did no step: there is no data")
        self._run.finish("no-training", detail="fit did no training step: its data is empty")

    def _cut(self) -> None:
        """Leaves out what is not measured, and says so."""
        given, run = self._given, self._run
        validation = given.get("validation_data") is not None or given.get("validation_split")
        if validation:
            run.note("validation", "left out; it can need more than a training step")
        names = [type(callback).__name__ for callback in _flat(given.get("callbacks"))]
        if names:
            run.note("callbacks", "left out: " + ", ".join(names))
        if self._distributed:
            run.note("multi-gpu", "the script distributes over several devices; one of them was measured")
        split = given.get("validation_split")
        if split and given.get("validation_data") is None:
            _drop_split(given, split)
        given.update({name: value for name, value in _DROPPED.items() if name in given})
        first = given.get("initial_epoch") or 0
        given["epochs"] = first + max(run.asked.steps, 1)
        given["verbose"] = 0
        given["callbacks"] = [
            _callback(
                self._model, at_start=self._look_inside, before_step=self._before, after_step=self._after
            )
        ]

    def _look_inside(self) -> None:
        """The batches pass by on their way into the training function."""
        model = self._model
        function = model.train_function
        if function is None:
            return

        def train_function(*arguments: Any) -> Any:
            if self._data is not None and self._settled:
                return function(*arguments)
            source = self._seen(arguments[-1])
            if self._only_a_look and self._data is not None:
                raise Stop
            return function(*arguments[:-1], source)

        model.train_function = train_function

    @property
    def _only_a_look(self) -> bool:
        """Whether a batch is enough: Keras 3 makes the optimizer's variables before the first step."""
        return self._run.asked.steps == 0 and facts.is_keras_3(self._model)

    _settled = False

    def _seen(self, source: Any) -> Any:
        """Looks at one batch of what the training function gets, and hands on what it can use in its place."""
        if isinstance(source, (list, tuple)):
            self._settled = True
            self._note_data(shapes.map_structure(_shape_or_none, source[0] if source else None))
            return source
        if hasattr(source, "__next__") and not hasattr(source, "get_next"):
            self._settled = True
            first = next(source)
            self._note_data(shapes.map_structure(_shape_or_none, first))
            return itertools.chain([first], source)
        if not hasattr(source, "get_next") or self._distributed or _steps_in_one(self._model) != 1:
            self._settled = True
            spec = getattr(source, "element_spec", None)
            if spec is not None:
                self._note_data(shapes.map_structure(_shape_or_none, spec))
            return source
        # TensorFlow's iterators are read inside the graph, with shapes that may leave the batch open.
        tensorflow: Any = sys.modules["tensorflow"]
        batch = next(source)
        if self._data is None:
            self._note_data(shapes.map_structure(_shape_or_none, batch))
        return iter(tensorflow.data.Dataset.from_tensors(batch))

    def _note_data(self, data: Any) -> None:
        self._data = data
        batch = shapes.leading(data)
        if batch is None and isinstance(self._given_batch, int):
            batch = self._given_batch
        self._batch = batch

    def _before(self) -> None:
        self._began = time.perf_counter()

    def _after(self) -> None:
        self._seconds.append(time.perf_counter() - self._began)
        done = len(self._seconds)
        self._run.step(done)
        if self._run.enough(done, sum(self._seconds)):
            raise Stop
        self._watch.after_step(done, self._run.asked.steps)

    def _catch(self) -> Catch:
        return Catch(
            hook="fit",
            backend=self._backend,
            frame=self._frame,
            line=self._line,
            steps=len(self._seconds),
            step_seconds=self._seconds,
            model=self._model,
            optimizer=getattr(self._model, "optimizer", None),
            data=self._data,
            batch_size=self._batch,
            program=programs.of_model(self._model, self._backend, self._data, self._batch, self._distributed),
            buffers=buffers.of(self._x, self._batch),
            allocator=self._watch.result(),
            distributed=self._distributed,
        )


def _shape_or_none(leaf: Any) -> shapes.Shape | None:
    """Keras hands missing sample weights on as empty optionals: no arrays."""
    return shapes.of(leaf)


def _flat(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if isinstance(callbacks, (list, tuple)):
        return [one for item in callbacks for one in _flat(item)]
    return list(getattr(callbacks, "callbacks", [callbacks]))


def _drop_split(given: dict[str, Any], split: float) -> None:
    """What validation would have taken is not trained on either; with arrays that is a slice, and costs no memory."""
    for name in ("x", "y", "sample_weight"):
        value: Any = given.get(name)
        if type(value).__module__ == "numpy" and hasattr(value, "shape") and len(value):
            given[name] = value[: max(1, int(len(value) * (1 - split)))]


def _steps_in_one(model: Any) -> int:
    value: Any = getattr(model, "steps_per_execution", None)
    if value is None:
        value = getattr(model, "_steps_per_execution", None)
    try:
        return int(value.numpy() if hasattr(value, "numpy") else value)
    except Exception:
        return 1


def _is_distributed(model: Any) -> bool:
    strategy = getattr(model, "_distribute_strategy", None) or getattr(model, "distribute_strategy", None)
    if strategy is not None and getattr(strategy, "num_replicas_in_sync", 1) > 1:
        return True
    keras: Any = sys.modules.get("keras")
    try:
        return keras is not None and keras.distribution.distribution() is not None
    except AttributeError:
        return False


def _callback(
    model: Any,
    at_start: Callable[[], None] | None = None,
    before_step: Callable[[], None] | None = None,
    after_step: Callable[[], None] | None = None,
) -> Any:
    """A callback of the model's own Keras."""

    def on_train_begin(_self: Any, logs: Any = None) -> None:
        if at_start:
            at_start()

    def on_train_batch_begin(_self: Any, batch: int, logs: Any = None) -> None:
        if before_step:
            before_step()

    def on_train_batch_end(_self: Any, batch: int, logs: Any = None) -> None:
        if after_step:
            after_step()

    base = _callback_class(model)
    methods = {
        "on_train_begin": on_train_begin,
        "on_train_batch_begin": on_train_batch_begin,
        "on_train_batch_end": on_train_batch_end,
    }
    return type("Watcher", (base,), methods)()


def _callback_class(model: Any) -> type:
    for kind in type(model).__mro__:
        if kind in MODELS:
            home = kind.__module__
            break
    else:
        home = HOMES[0]
    names = {
        "keras.src.models.model": "keras.src.callbacks.callback",
        "tf_keras.src.engine.training": "tf_keras.src.callbacks",
        "keras.src.engine.training": "keras.src.callbacks",
        "keras.engine.training": "keras.callbacks",
        "tensorflow.python.keras.engine.training": "tensorflow.python.keras.callbacks",
    }
    found: type = vars(sys.modules[names[home]])["Callback"]
    return found


# ----------------------------------------------------------------------------------------------- train_on_batch


def _train_on_batch(run: Run, original: Callable[..., Any]) -> Callable[..., Any]:
    trainings: dict[int, _Batches] = {}
    signature = inspect.signature(original)

    @functools.wraps(original)
    def train_on_batch(self: Any, *arguments: Any, **options: Any) -> Any:
        if not run.watching:
            return original(self, *arguments, **options)
        training = trainings.get(id(self))
        if training is None:
            training = trainings[id(self)] = _Batches(run, self, run.fits)
            run.fits += 1
        run.hooked = True
        try:
            began = time.perf_counter()
            result = original(self, *arguments, **options)
            bound = signature.bind(self, *arguments, **options).arguments
            training.done(time.perf_counter() - began, bound, len(trainings))
            return result
        finally:
            run.hooked = False

    return train_on_batch


class _Batches:
    """The calls of ``train_on_batch`` of one model."""

    def __init__(self, run: Run, model: Any, index: int) -> None:
        self._run = run
        self._model = model
        self._wanted = index == run.asked.fit_index
        self._seconds: list[float] = []
        self._watch = allocators.Watch(facts.backend(model))
        if self._wanted:
            run.training_starts()
            self._watch.start()

    def done(self, seconds: float, given: dict[str, Any], models: int) -> None:
        """One call is over. The last one does not return."""
        if not self._wanted:
            return
        run = self._run
        self._seconds.append(seconds)
        done = len(self._seconds)
        run.step(done)
        if not run.enough(done, sum(self._seconds)):
            self._watch.after_step(done, run.asked.steps)
            return
        if models > 1:
            run.note(
                "other models", f"{models} models are trained in turn; the other ones are not in the step"
            )
        backend = facts.backend(self._model)
        data = shapes.map_structure(shapes.of, (given.get("x"), given.get("y"), given.get("sample_weight")))
        batch = shapes.leading(data)
        frame = places.user_frame()
        catch = Catch(
            hook="train_on_batch",
            backend=backend,
            frame=frame,
            line=frame.f_lineno if frame else 0,
            steps=done,
            step_seconds=self._seconds,
            model=self._model,
            optimizer=getattr(self._model, "optimizer", None),
            data=data,
            batch_size=batch,
            program=programs.of_model(self._model, backend, data, batch, _is_distributed(self._model)),
            allocator=self._watch.result(),
            distributed=_is_distributed(self._model),
        )
        serve.caught(run, catch)
