"""JAX's training steps, lowered for a GPU that need not be there."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
from typing import Any, Callable

from . import cudnn, optimizers, programs_tensorflow, shapes, variables
from .catch import Argument, Cannot, Options, Program

_NO_LIVENESS = "liveness reads TensorFlow's graphs; JAX's steps are for the GPU compiler"


class Lowered(Program):
    """A step that JAX can lower from the shapes of its arguments."""

    route = "jax"

    def __init__(self) -> None:
        super().__init__("")

    def cannot(self) -> dict[str, str]:
        return {"liveness": _NO_LIVENESS}

    def liveness(self, options: Options) -> dict[str, Any]:
        raise Cannot(_NO_LIVENESS)


class ModelStep(Lowered):
    """``model.train_step`` with the state that Keras's trainer gives it, donated as the trainer does."""

    def __init__(self, model: Any, data: Any, batch: int | None) -> None:
        super().__init__()
        self._model = model
        self._data = data
        self._batch = batch

    def export(self, options: Options) -> tuple[bytes, list[Argument]]:
        model = self._model
        batch = programs_tensorflow.batch_of(options, self._batch)
        data = shapes.resized(self._data, self._batch, batch)
        with contextlib.ExitStack() as stack:
            stack.enter_context(cudnn.chosen())
            if options.remat:
                stack.enter_context(optimizers.rematerialised(list(getattr(model, "layers", []))))
            if options.optimizer or options.accumulation > 1:
                stack.enter_context(optimizers.swapped(model, options))
            groups = (
                ("parameter", model.trainable_variables),
                ("state", model.non_trainable_variables),
                ("optimizer", model.optimizer.variables),
                ("state", model.metrics_variables),
            )
            learned = {id(variable) for variable in variables.parameters(model)}
            arguments = []
            for kind, group in groups:
                for variable in group:
                    own = "parameter" if id(variable) in learned else kind
                    arguments.append(Argument(own, variables.name(variable), _of(variable)))
            state = tuple([_struct(_of(variable)) for variable in group] for _kind, group in groups)
            inputs = shapes.map_structure(lambda leaf: _struct(leaf) if leaf is not None else None, data)
            arguments += [Argument("input", name, shape) for name, shape in shapes.named(data)]
            jitted = _plain_jit()(_new(model.train_step), donate_argnums=0, keep_unused=True)
            lowered = jitted.trace(state, inputs).lower(lowering_platforms=("cuda",))
        return _exported(lowered, arguments)


class FunctionStep(Lowered):
    """A function of the script, lowered with what it was called with."""

    def __init__(
        self,
        function: Any,
        jit_options: dict[str, Any],
        arguments: tuple[Any, ...],
        named: dict[str, Any],
        model: Any,
        optimizer: Any,
    ) -> None:
        super().__init__()
        self._function = function
        self._options = {key: value for key, value in jit_options.items() if key not in ("device", "backend")}
        self._model = model
        self._optimizer = optimizer
        self._arguments = self._shaped(arguments, named)
        self.jit = True
        self.batch: int | None = None

    def guess_batch(self, seen: int | None) -> None:
        """The batch size: what the model was applied to, or what leads the arrays that are no weights."""
        if seen is not None:
            self.batch = seen
            return
        inputs = [shape.shape[0] for kind, _name, shape in self._listed() if kind == "input" and shape.shape]
        self.batch = max(set(inputs), key=inputs.count) if inputs else None

    def data(self) -> Any:
        """The arrays that are the training data."""
        return [shape for kind, _name, shape in self._listed() if kind == "input"]

    def export(self, options: Options) -> tuple[bytes, list[Argument]]:
        if options.optimizer or options.accumulation > 1:
            raise Cannot(
                "the loop hands its optimizer's state around itself, so another optimizer does not fit in"
            )
        batch = programs_tensorflow.batch_of(options, self.batch)
        inputs = [kind == "input" for kind, _name, _shape in self._listed()]
        flags = iter(inputs)

        def resize(leaf: Any) -> Any:
            if not hasattr(leaf, "shape"):
                return leaf
            shape = shapes.of(leaf)
            is_input = next(flags)
            if shape is None or not is_input or batch is None:
                return leaf
            return _struct(shapes.resized(shape, self.batch, batch))

        positional, named = self._mapped(resize, *self._arguments)
        with contextlib.ExitStack() as stack:
            stack.enter_context(cudnn.chosen())
            if options.remat:
                stack.enter_context(optimizers.rematerialised(list(getattr(self._model, "layers", []))))
            jitted = _plain_jit()(_new(self._function), **{**self._options, "keep_unused": True})
            lowered = jitted.trace(*positional, **named).lower(lowering_platforms=("cuda",))
        arguments = []
        kinds = iter(self._listed())
        for leaf in self._dynamic(positional, named):
            kind, name = "state", ""
            if hasattr(leaf, "shape"):
                kind, name, _shape = next(kinds)
            arguments.append(Argument(kind, name, shapes.of(leaf) or shapes.Shape((), "float32")))
        return _exported(lowered, arguments)

    def _shaped(
        self, arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        def shaped(leaf: Any) -> Any:
            found = shapes.of(leaf)
            return leaf if found is None else _struct(found)

        return self._mapped(shaped, arguments, named)

    def _mapped(
        self, call: Callable[[Any], Any], arguments: Any, named: Any
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``call`` on the leaves of all arguments that are not static."""
        tree = _jax().tree_util.tree_map
        numbers, names = self._static(len(arguments))
        positional = tuple(
            value if number in numbers else tree(call, value) for number, value in enumerate(arguments)
        )
        return positional, {key: value if key in names else tree(call, value) for key, value in named.items()}

    def _dynamic(self, positional: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
        numbers, names = self._static(len(positional))
        kept = [value for number, value in enumerate(positional) if number not in numbers]
        extra = {key: value for key, value in named.items() if key not in names}
        return list(_jax().tree_util.tree_leaves((kept, extra)))

    def _static(self, count: int) -> tuple[set[int], set[str]]:
        """The static arguments by position and name; a name that JAX would find a position for has both."""
        numbers, names = self._options.get("static_argnums"), self._options.get("static_argnames")
        found = set([numbers] if isinstance(numbers, int) else numbers or ())
        named = set([names] if isinstance(names, str) else names or ())
        try:
            import inspect

            parameters = list(inspect.signature(self._function).parameters)
            named.update(parameters[number] for number in found if 0 <= number < len(parameters))
            found.update(parameters.index(name) for name in named if name in parameters)
        except (TypeError, ValueError):
            pass
        return {number + count if number < 0 else number for number in found}, named

    def _listed(self) -> list[tuple[str, str, shapes.Shape]]:
        """Kind, name and shape of every array among the arguments, in order."""
        numbers, names = self._static(len(self._arguments[0]))
        found: list[tuple[str, str, shapes.Shape]] = []
        known = self._known()
        positional, named = self._arguments
        parts = [(f"{number}", value) for number, value in enumerate(positional) if number not in numbers]
        parts += [(key, named[key]) for key in sorted(named) if key not in names]
        for name, value in parts:
            found += self._of_part(name, value, known)
        return found

    def _known(self) -> list[tuple[str, list[shapes.Shape]]]:
        model, optimizer = self._model, self._optimizer
        groups = []
        if model is not None:
            for kind, name in (
                ("parameter", "trainable_variables"),
                ("state", "non_trainable_variables"),
                ("state", "metrics_variables"),
            ):
                groups.append((kind, [_of(variable) for variable in getattr(model, name, [])]))
        groups.append(("optimizer", [_of(variable) for variable in variables.of_optimizer(optimizer)]))
        return [(kind, [_plain(shape) for shape in group]) for kind, group in groups if group]

    def _of_part(
        self, name: str, value: Any, known: list[tuple[str, list[shapes.Shape]]]
    ) -> list[tuple[str, str, shapes.Shape]]:
        """One argument: as a whole when it looks like a group of variables, else part by part."""
        leaves = [(path, shapes.of(leaf)) for path, leaf in _with_paths(value)]
        arrays = [(path, shape) for path, shape in leaves if shape is not None]
        plain = [_plain(shape) for _path, shape in arrays]
        for kind, group in known:
            if plain and plain == group:
                return [(kind, f"{name}{path}", shape) for path, shape in arrays]
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields") and len(arrays) > 1:
            return [
                entry
                for number, part in enumerate(value)
                for entry in self._of_part(f"{name}/{number}", part, known)
            ]
        return [(_kind(f"{name}{path}", value, shape), f"{name}{path}", shape) for path, shape in arrays]


def _kind(path: str, owner: Any, shape: shapes.Shape) -> str:
    """The kind of an array by where it stands."""
    lowered = path.lower()
    home = type(owner).__module__.split(".")[0]
    if home == "optax" or any(
        word in lowered for word in ("opt_state", "optimizer", ".mu", ".nu", ".trace", "['mu']")
    ):
        return "optimizer"
    if any(word in lowered for word in ("param", "kernel", "bias", "weight", "embedding")):
        return "parameter"
    if any(word in lowered for word in ("batch_stats", ".step", "rng", "key")) or not shape.shape:
        return "state"
    return (
        "input"
        if not isinstance(owner, dict) or not any(isinstance(item, dict) for item in owner.values())
        else "parameter"
    )


def _with_paths(value: Any) -> list[tuple[str, Any]]:
    tree: Any = _jax().tree_util
    found, _structure = tree.tree_flatten_with_path(value)
    return [(tree.keystr(path), leaf) for path, leaf in found]


def _plain(shape: shapes.Shape) -> shapes.Shape:
    return shapes.Shape(shape.shape, shape.dtype)


def _of(variable: Any) -> shapes.Shape:
    return shapes.of(variable) or shapes.Shape((), "float32")


def _struct(shape: shapes.Shape) -> Any:
    if None in shape.shape:
        raise Cannot("the shapes of the training data are not all known")
    return _jax().ShapeDtypeStruct(shape.shape, shape.dtype, weak_type=shape.weak)


def _jax() -> Any:
    return sys.modules["jax"]


def _plain_jit() -> Any:
    """``jax.jit`` without the runner's hook."""
    return getattr(_jax().jit, "__wrapped__", _jax().jit)


def _new(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function under an identity of its own: JAX remembers what it traced, and the step has changed."""

    @functools.wraps(function)
    def step(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, **options)

    return step


def _exported(lowered: Any, arguments: list[Argument]) -> tuple[bytes, list[Argument]]:
    """The module with its arguments: those of the step, after the arrays that it captured, which JAX puts first."""
    module = lowered.compiler_ir("stablehlo")
    captured = _arguments(module)
    captured = captured[: len(captured) - len(arguments)]
    text = io.BytesIO()
    module.operation.write_bytecode(text)
    return text.getvalue(), [Argument("state", "constant", shape) for shape in captured] + arguments


def _arguments(module: Any) -> list[shapes.Shape]:
    """The shapes of the arguments of a module's main function."""
    for operation in module.body.operations:
        if "main" in str(operation.attributes["sym_name"]):
            return [_of_type(str(argument.type)) for argument in operation.regions[0].blocks[0].arguments]
    raise Cannot("the lowered step has no main function")


def _of_type(text: str) -> shapes.Shape:
    """The shape that ``tensor<16x3xf32>`` stands for."""
    *sizes, kind = text[text.index("<") + 1 : text.rindex(">")].split(",")[0].split("x")
    names = {"f": "float", "bf": "bfloat", "i": "int", "ui": "uint", "si": "int"}
    letters = kind.rstrip("0123456789")
    dtype = "bool" if kind == "i1" else names.get(letters, letters) + kind[len(letters) :]
    return shapes.Shape(tuple(int(size) for size in sizes), dtype)
