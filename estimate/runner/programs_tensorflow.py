"""TensorFlow's training steps, traced again and exported as StableHLO."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable, Iterator

from . import optimizers, shapes, variables
from .catch import Argument, Cannot, Options, Program


class Traced(Program):
    """A step that TensorFlow can trace from the shapes of its arguments."""

    route = "tensorflow"

    def __init__(self, arguments: Any, batch: int | None) -> None:
        super().__init__("")
        self._arguments = arguments
        self._batch = batch

    def cannot(self) -> dict[str, str]:
        return {}

    def export(self, options: Options) -> tuple[bytes, list[Argument]]:
        with self._changed(options) as batch:
            step, specs = self._flat_step(batch)
            function = _tensorflow().function(step, jit_compile=True, autograph=False)
            concrete = function.get_concrete_function(*specs)
            module: bytes = function.experimental_get_compiler_ir(*specs)(stage="stablehlo_serialized")
            return module, self._listed(concrete, len(specs))

    def liveness(self, options: Options) -> dict[str, Any]:
        try:
            from . import liveness  # type: ignore[attr-defined,unused-ignore]
        except ImportError:
            raise Cannot("this version has no liveness analysis") from None
        with self._changed(options) as batch:
            step, specs = self._flat_step(batch)
            concrete = _tensorflow().function(step, autograph=False).get_concrete_function(*specs)
            arguments = [argument.plain() for argument in self._listed(concrete, len(specs))]
            answer: dict[str, Any] = liveness.liveness(concrete, arguments)
            return answer

    # What the kinds of steps differ in.

    def _call(self, arguments: Any) -> Any:
        """The step on a structure like the caught arguments."""
        raise NotImplementedError

    def _kinds(self) -> dict[int, tuple[str, str]]:
        """By ``id`` of a variable's handle: its kind and name."""
        raise NotImplementedError

    def _swapped(self, options: Options) -> contextlib.AbstractContextManager[list[Any]]:
        """The step's optimizer replaced for a while; gives the variables of the new one."""
        raise NotImplementedError

    def _layers(self) -> list[Any]:
        """The layers, for rematerialisation."""
        raise NotImplementedError

    # What they share.

    @contextlib.contextmanager
    def _changed(self, options: Options) -> Iterator[int | None]:
        batch = batch_of(options, self._batch)
        self._new_variables: list[Any] = []
        with contextlib.ExitStack() as stack:
            if options.remat:
                stack.enter_context(optimizers.rematerialised(self._layers()))
            if options.optimizer or options.accumulation > 1:
                self._new_variables = stack.enter_context(self._swapped(options))
            yield batch

    def _flat_step(self, batch: int | None) -> tuple[Callable[..., Any], list[Any]]:
        """A function of tensors alone, as the exporter wants it, and the shapes to call it with."""
        tensorflow = _tensorflow()
        structure = shapes.resized(self._arguments, self._batch, batch)
        found = [leaf for leaf in shapes.leaves(structure) if isinstance(leaf, shapes.Shape)]
        if any(None in shape.shape for shape in found):
            raise Cannot("the shapes of the training data are not all known")
        specs = [tensorflow.TensorSpec(shape.shape, shape.dtype) for shape in found]

        def step(*tensors: Any) -> Any:
            left = iter(tensors)
            arguments = shapes.map_structure(
                lambda leaf: next(left) if isinstance(leaf, shapes.Shape) else leaf, structure
            )
            return _tensors(self._call(arguments))

        return step, specs

    def _listed(self, concrete: Any, inputs: int) -> list[Argument]:
        """The module's arguments in its order: the inputs, then what the graph captured."""
        kinds = self._kinds()
        kinds.update(variables.kinds_of(self._new_variables, "optimizer"))
        own = {id(variables.handle(variable)): variable for variable in concrete.graph.variables}
        listed = []
        names = [name for name, _shape in shapes.named(self._arguments)]
        for number, tensor in enumerate(concrete.inputs[:inputs]):
            name = names[number] if number < len(names) else f"input {number}"
            listed.append(Argument("input", name, shapes.of(tensor) or shapes.Shape((), "float32")))
        used = set()
        for captured in concrete.captured_inputs:
            variable = own.get(id(captured))
            kind, name = kinds.get(id(captured), ("state", ""))
            used.add(id(captured))
            shape = shapes.of(variable if variable is not None else captured) or shapes.Shape((), "float32")
            listed.append(Argument(kind, name or str(getattr(variable, "name", "constant")), shape))
        if self._new_variables and not used & set(variables.kinds_of(self._new_variables, "optimizer")):
            raise Cannot("the step uses an optimizer of its own that could not be replaced")
        return listed


class ModelStep(Traced):
    """``model.train_step``, the model's own or one that the user wrote."""

    def __init__(self, model: Any, data: Any, batch: int | None) -> None:
        super().__init__(data, batch)
        self._model = model

    def _call(self, arguments: Any) -> Any:
        strategy = optimizers.strategy(self._model)
        if strategy is None:
            return self._model.train_step(arguments)
        return strategy.run(self._model.train_step, args=(arguments,))

    def _kinds(self) -> dict[int, tuple[str, str]]:
        return variables.kinds(self._model, getattr(self._model, "optimizer", None))

    def _swapped(self, options: Options) -> contextlib.AbstractContextManager[list[Any]]:
        return optimizers.swapped(self._model, options)

    def _layers(self) -> list[Any]:
        return list(getattr(self._model, "layers", []))


def batch_of(options: Options, batch: int | None) -> int | None:
    """The batch size of one step: a part of the asked one where gradients are accumulated."""
    wanted = options.batch if options.batch is not None else batch
    if wanted is not None and batch is None and options.batch is not None:
        raise Cannot("the script's batch size is not known, so another one cannot be put in its place")
    if options.accumulation > 1:
        if wanted is None:
            raise Cannot("the batch size is not known, so it cannot be divided")
        if wanted % options.accumulation:
            raise Cannot(f"a batch of {wanted} cannot be divided into {options.accumulation} equal parts")
        wanted //= options.accumulation
    return wanted


def _tensorflow() -> Any:
    return sys.modules["tensorflow"]


def _tensors(value: Any) -> list[Any]:
    """The tensors among the results: a graph cannot give back anything else."""
    tensorflow = _tensorflow()
    return [
        leaf
        for leaf in shapes.leaves(value)
        if tensorflow.is_tensor(leaf) or isinstance(leaf, tensorflow.Variable)
    ]
