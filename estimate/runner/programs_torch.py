"""Keras's training step on PyTorch, traced operation by operation with tensors that hold nothing."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from . import optimizers, programs_tensorflow, shapes, torch_fit, torch_trace, variables
from .catch import Cannot, Options, Program


class ModelStep(Program):
    """``model.train_step`` as ``fit`` runs it."""

    def __init__(self, model: Any, data: Any, batch: int | None) -> None:
        super().__init__("PyTorch runs the step operation by operation: there is no program to compile")
        self._model = model
        self._data = data
        self._batch = batch

    def cannot(self) -> dict[str, str]:
        return {"program": self.reason}

    def liveness(self, options: Options) -> dict[str, Any]:
        torch: Any = sys.modules["torch"]
        model = self._model
        batch = programs_tensorflow.batch_of(options, self._batch)
        data = shapes.map_structure(
            lambda leaf: _zeros(torch, leaf), shapes.resized(self._data, self._batch, batch)
        )
        with contextlib.ExitStack() as stack:
            if options.remat:
                raise Cannot("rematerialisation is not followed in PyTorch's steps")
            if options.optimizer or options.accumulation > 1:
                stack.enter_context(optimizers.swapped(model, options))
            model.train()
            return torch_trace.torch_liveness(
                torch_fit.fit_step(model, data), self._persistent(), torch, options.capability or (8, 0)
            )

    def _persistent(self) -> list[dict[str, Any]]:
        """What lives from step to step, each once."""
        model = self._model
        learned = {id(variable) for variable in variables.parameters(model)}
        found: dict[int, dict[str, Any]] = {}
        groups = (
            ("optimizer", model.optimizer.variables),
            ("state", [*model.variables, *model.metrics_variables]),
        )
        for kind, group in groups:
            for variable in group:
                shape = shapes.of(variable.value) or shapes.Shape((), "float32")
                own = "parameter" if id(variable) in learned else kind
                found.setdefault(
                    id(variable),
                    {
                        "kind": own,
                        "name": variables.name(variable),
                        "bytes": shape.bytes or 0,
                        "dtype": shape.dtype,
                        "shape": list(shape.shape),
                    },
                )
        return list(found.values())


def _zeros(torch: Any, leaf: Any) -> Any:
    if not isinstance(leaf, shapes.Shape):
        return leaf
    if None in leaf.shape:
        raise Cannot("the shapes of the training data are not all known")
    return torch.zeros(leaf.shape, dtype=getattr(torch, leaf.dtype))
