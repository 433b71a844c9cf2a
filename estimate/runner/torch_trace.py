"""The peak of a PyTorch training step on a GPU, without the GPU: the step runs on tensors that have no contents.

Every operator's new storages are followed until Python and autograd let go of them, through PyTorch's way of handing memory out.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time
import weakref
from typing import Any, Callable, Sequence

from . import torch_gpu as gpu
from .torch_memory import Memory

POINTS = 400
TOP = 10
WORTH_A_PLACE = 1 << 18
"""Bytes from which it is worth finding out which layer made a tensor."""

STEPS = 4
ENOUGH_SECONDS = 8.0
"""Steps after the first one, of which the highest peak counts: garbage of some is not there in others."""

SLOWER = 12
"""Tensors without contents make so many more Python objects that garbage is collected that much more often.

It matters because what Keras's ``tree`` functions touched (PyTorch's ``tree_flatten`` is a closure that refers to itself) is only
freed by the collector: lists of tensors, such as those of ``Add`` and ``Concatenate``, and the batch.
"""

LIBRARIES = ("site-packages", "dist-packages", os.path.dirname(os.path.abspath(__file__)), "<")
HOMES = {"parameter": "parameters", "state": "parameters", "optimizer": "optimizer", "input": "inputs"}
KINDS = {
    "gradient": "gradients",
    "activation": "activations",
    "optimizer": "optimizer",
    "input": "inputs",
    "workspace": "workspace",
}


def torch_liveness(
    step: Callable[[], Any],
    arguments: Sequence[dict[str, Any]],
    torch: Any,
    capability: tuple[int, int] = (8, 0),
) -> dict[str, Any]:
    """What ``step`` holds at its peak on a GPU of that compute capability. Raises what the step raises.

    A step whose shapes depend on the contents of tensors cannot be traced: that is an exception of PyTorch's.

    ``step`` runs one training step on real tensors of the CPU, which it leaves as they are, but everything that the training
    keeps has to exist already: optimizer slots made in the step would be empty for good. ``arguments``: ``{"kind", "name",
    "bytes", ...}`` for what lives all the time, and for the batch, which counts from the moment it is moved.
    """
    traced = _Traced(torch, arguments, capability)
    memory = traced.memory
    thresholds = gc.get_threshold()
    gc.set_threshold(thresholds[0] * SLOWER, *thresholds[1:])
    ends = time.monotonic() + ENOUGH_SECONDS
    try:
        traced.run(step)
        memory.watch()  # the first step fills caches of Python objects, and leaves the gradients that others begin with
        for number in range(STEPS):
            if number < 2 or time.monotonic() < ends:
                traced.run(step)
        left = memory.allocator.allocated
    finally:
        gc.set_threshold(*thresholds)
        traced.close()
    return {
        "peak": memory.peak,
        "reserved": memory.allocator.reserved,
        "left": left,
        "persistent": sum(a["bytes"] for a in arguments),
        "breakdown": _breakdown(memory, arguments),
        "timeline": _timeline(memory.line),
        "top": _top(memory, arguments),
        "unknown": 0,
        "operations": traced.operations,
        "workspace": traced.workspace(),
    }


class _Traced:
    """One traced step after the other, with the memory that they leave behind for the next."""

    def __init__(self, torch: Any, arguments: Sequence[dict[str, Any]], capability: tuple[int, int]) -> None:
        self._torch = torch
        self.memory = Memory()
        self.operations = 0
        self._kept: list[Any] = [
            self.memory.allocator.allocate(a["bytes"])
            for a in arguments
            if a["kind"] != "input" and a["bytes"]
        ]
        self._capability = capability
        self._moved = 0
        self._watchers: dict[int, Any] = {}
        self._parameters: dict[int, tuple[Any, Any]] = {}
        self._modes: Any = None
        self._fake: Any = ()

    def run(self, step: Callable[[], Any]) -> None:
        """One step; its memory is in ``memory`` afterwards."""
        if self._modes is None:
            fake = importlib.import_module("torch._subclasses.fake_tensor")
            self._fake = fake.FakeTensor
            self._modes = (
                fake.FakeTensorMode(allow_non_fake_inputs=True),
                self._dispatch_mode(),
                gpu.function_mode(self._torch, self._arrived),
            )
        self.operations = 0
        with gpu.cudnn_for_keras(self._torch, self._fake), self._modes[0], self._modes[1], self._modes[2]:
            step()
        self.memory.finish()
        for parameter, _ in self._parameters.values():
            if parameter.grad is not None:
                piece = self.memory.live.get(id(parameter.grad.untyped_storage()))
                if piece is not None:
                    piece.kind = "gradient"

    def _arrived(self, tensor: Any) -> None:
        piece = self.memory.live.get(id(tensor.untyped_storage()))
        if piece is not None:
            piece.kind = "input"

    def close(self) -> None:
        """The parameters get back the gradients that they had."""
        for parameter, gradient in self._parameters.values():
            parameter.grad = gradient
        self._parameters.clear()

    def _dispatch_mode(self) -> Any:
        traced = self
        base: Any = importlib.import_module("torch.utils._python_dispatch").TorchDispatchMode

        class Watching(base):  # type: ignore[misc]
            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                return traced.operation(func, args, kwargs or {})

        return Watching()

    def operation(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Run one operator on tensors without contents, and note what it adds."""
        torch, memory, name = self._torch, self.memory, func._schema.name
        self.operations += 1
        if name == "aten::_local_scalar_dense":  # ``item()``: the value is not there, and any will do
            dtype = args[0].dtype
            return True if dtype == torch.bool else 1.0 if dtype.is_floating_point else 1
        for value in args:
            self._meet(value)
        backward = torch._C._current_graph_task_id() != -1
        if name in gpu.CUBLAS:
            memory.workspace(
                "cuBLAS, backward" if backward else "cuBLAS", gpu.cublas_workspace(self._capability)
            )
        instead: Any = gpu.INSTEAD.get(name)
        result = func(*args, **kwargs) if instead is None else instead(torch, *args, **kwargs)
        if name != "aten::_unsafe_view":
            self._results(func, name, result, backward)
        memory.give_back(memory.borrow(gpu.scratch(name, args)))
        if name in gpu.CONVOLUTIONS:
            self._moved = max(self._moved, _moved(args, torch), _moved(result, torch))
        memory.mark()
        return result

    def _results(self, func: Any, name: str, result: Any, backward: bool) -> None:
        returns = func._schema.returns
        outputs = [result] if len(returns) == 1 else result or ()
        for described, output in zip(returns, outputs):
            if described.alias_info is not None:
                continue
            for tensor in output if isinstance(output, (list, tuple)) else (output,):
                if isinstance(tensor, self._torch.Tensor):
                    self._hold(tensor, name, backward)

    def _hold(self, tensor: Any, name: str, backward: bool) -> None:
        storage = tensor.untyped_storage()
        key = id(storage)
        size = storage.nbytes()
        if not size or key in self._watchers:
            return

        def freed(_: Any, watchers: Any = self._watchers, memory: Memory = self.memory) -> None:
            del watchers[key]
            memory.free(key)

        self._watchers[key] = weakref.ref(storage, freed)
        place = _place() if size >= WORTH_A_PLACE and not backward else ("", "")
        shape = str(tensor.dtype).replace("torch.", "") + str(list(tensor.shape)).replace(" ", "")
        self.memory.hold(key, size, shape, name.split("::")[-1], "activation", place)

    def _meet(self, value: Any) -> None:
        """A parameter's gradient of the steps before was made without the trace: it is put aside."""
        for tensor in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(tensor, self._torch.nn.Parameter) and id(tensor) not in self._parameters:
                self._parameters[id(tensor)] = (tensor, tensor.grad)
                if tensor.grad is not None and not isinstance(tensor.grad, self._fake):
                    tensor.grad = None

    def workspace(self) -> dict[str, int]:
        """cuBLAS's buffers, which are in the peak; what cuDNN wants for a convolution is not, and only guessed at for "high"."""
        used = sum(piece.size for piece in self.memory.live.values() if piece.kind == "workspace")
        return {"low": used, "mid": used, "high": used + 2 * self._moved}


def _moved(values: Any, torch: Any) -> int:
    """Bytes of the tensors among a convolution's arguments or results."""
    tensors = values if isinstance(values, (list, tuple)) else (values,)
    return sum(t.numel() * t.element_size() for t in tensors if isinstance(t, torch.Tensor))


def _place() -> tuple[str, str]:
    """The name of the layer that is running, and the line of the user's code; empty where there is none."""
    layer = source = ""
    frame: Any = sys._getframe(1)
    while frame is not None and not (layer and source):
        path = frame.f_code.co_filename
        if not layer and frame.f_code.co_name in ("call", "forward"):
            owner = frame.f_locals.get("self")
            layer = str(getattr(owner, "name", "") or type(owner).__name__) if owner is not None else ""
        if not source and not any(part in path for part in LIBRARIES):
            source = f"{path}:{frame.f_lineno}"
        frame = frame.f_back
    return layer, source


def _breakdown(memory: Memory, arguments: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What is live at the peak. What blocks are larger than their tensors counts as workspace."""
    parts = dict.fromkeys(("parameters", "gradients", "optimizer", "activations", "inputs", "workspace"), 0)
    for argument in arguments:
        if argument["kind"] != "input":
            parts[HOMES[argument["kind"]]] += argument["bytes"]
    for piece in memory.at_peak:
        parts[KINDS[piece.kind]] += piece.size
    parts["workspace"] += max(0, memory.peak - sum(parts.values()))
    return parts


def _timeline(line: list[int]) -> list[list[float]]:
    """The highest point of each stretch of the step."""
    width = (len(line) + POINTS - 1) // POINTS or 1
    points = [max(line[at : at + width]) for at in range(0, len(line), width)]
    return [[round(at / max(1, len(points) - 1), 4), size] for at, size in enumerate(points)]


def _top(memory: Memory, arguments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "bytes": p.size,
            "shape": p.shape,
            "layer": p.place[0],
            "op": p.op,
            "source": p.place[1],
            "kind": p.kind,
        }
        for p in memory.at_peak
    ]
    for a in arguments:
        shape = a.get("dtype", "") + str(list(a.get("shape") or [])).replace(" ", "")
        rows.append(
            {
                "bytes": a["bytes"],
                "shape": shape,
                "layer": a["name"],
                "op": "",
                "source": "",
                "kind": a["kind"],
            }
        )
    return sorted(rows, key=lambda row: -row["bytes"])[:TOP]
