"""Memory as a running graph sees it: tensors with their holders, lists of tensors, and variables."""

from __future__ import annotations

from typing import Any, Union

from .bfc import Allocator, Chunk
from .graph_read import Node


class Tensor:
    """A piece of memory; ``refs`` is how many edges, lists and variables hold it.

    ``others`` stands for the same tensor of iterations that are not run, ``weight`` for how many there are with this one.
    """

    __slots__ = ("chunk", "node", "others", "output", "refs", "size", "weight")

    def __init__(self, chunk: Chunk, size: int, node: Node | None, output: int) -> None:
        self.chunk, self.size, self.node, self.output = chunk, size, node, output
        self.refs = 1
        self.weight = 1.0
        self.others: Tensor | None = None


class TensorList:
    """A variant that holds tensors; None is an element that was never set."""

    __slots__ = ("items", "refs")

    def __init__(self, items: list[Tensor | None]) -> None:
        self.items = items
        self.refs = 1


class Variable:
    """What a resource handle stands for. ``copies``: each read is a copy."""

    __slots__ = ("copies", "tensor")

    def __init__(self, tensor: Tensor | None) -> None:
        self.tensor = tensor
        self.copies = False


Value = Union[Tensor, TensorList, Variable, None]
"""What travels along an edge; None holds no memory."""


class Memory:
    """Hands tensors out and remembers which live. ``watch`` starts the record of the step that counts."""

    def __init__(self) -> None:
        self.allocator = Allocator()
        self.live: dict[Tensor, None] = {}
        self.unknown = 0
        self.weight = 1.0
        self._watching = False
        self._grown = False
        self._kept_at = 0
        self.peak = 0
        self.peak_with: dict[str, int] = {}
        self.at_peak: list[Tensor] = []
        self.line: list[int] = []

    def watch(self) -> None:
        self._watching = True
        self.peak = self.allocator.in_use

    def tensor(self, size: int | None, node: Node | None, output: int = 0) -> Tensor | None:
        """None for what has no bytes, or an unknown number of them."""
        if not size:
            return None
        tensor = Tensor(self.allocator.allocate(size), size, node, output)
        tensor.weight = self.weight
        self.live[tensor] = None
        if self._watching and self.allocator.in_use > self.peak:
            self.peak = self.allocator.in_use
            self._grown = True
        return tensor

    def keep(self, value: Value) -> Value:
        """One holder more, a list; what an iteration puts into a list, the iterations beside it would put there too."""
        if isinstance(value, Tensor) and value.weight > 1 and value.others is None:
            value.others = self.tensor(int(value.size * (value.weight - 1)), value.node, value.output)
        return hold(value)

    def release(self, value: Value) -> None:
        """One holder less; the last one frees the memory."""
        if value is None or value.__class__ is Variable:
            return
        value.refs -= 1  # type: ignore[union-attr]
        if value.refs:  # type: ignore[union-attr]
            return
        if value.__class__ is Tensor:
            self._free(value)
        else:
            for item in value.items:  # type: ignore[union-attr]
                if item is not None:
                    self.release(item)

    def _free(self, tensor: Tensor) -> None:
        if self._grown:
            self._keep()
        self.allocator.release(tensor.chunk)
        del self.live[tensor]
        if tensor.others is not None:
            self.release(tensor.others)

    def _keep(self) -> None:
        """What lives at the peak, noted when it starts to fall; a peak hardly higher than the noted one is not noted."""
        self._grown = False
        if self.peak > 1.002 * self._kept_at:
            self.at_peak, self._kept_at = list(self.live), self.peak

    def finish(self) -> None:
        """The step has ended: a peak that nothing was freed after is noted too."""
        if self._grown:
            self._keep()

    def mark(self, scratch: dict[str, int] | None) -> None:
        """An operation has its outputs now, and its library calls want ``scratch`` beside them."""
        if not self._watching:
            return
        in_use = self.allocator.in_use
        self.line.append(in_use)
        if scratch is not None:
            for level, size in scratch.items():
                if in_use + size > self.peak_with.get(level, 0):
                    self.peak_with[level] = in_use + size


def hold(value: Value) -> Value:
    """One holder more."""
    if value is not None and value.__class__ is not Variable:
        value.refs += 1  # type: ignore[union-attr]
    return value


def is_tensor(value: Any) -> bool:
    return value.__class__ is Tensor
