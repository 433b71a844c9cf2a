"""The tensors of a training step in PyTorch's CUDA allocator: who lives, and what lived at the peak."""

from __future__ import annotations

from .cuda_blocks import Allocator, Block


class Piece:
    """The memory of one or more tensors."""

    __slots__ = ("block", "kind", "op", "place", "shape", "size")

    def __init__(
        self, block: Block, size: int, shape: str, op: str, kind: str, place: tuple[str, str]
    ) -> None:
        self.block, self.size, self.shape, self.op, self.kind = block, size, shape, op, kind
        self.place = place


class Memory:
    """``peak`` and the rest are of the step since the last ``watch``; ``reserved`` only grows."""

    def __init__(self) -> None:
        self.allocator = Allocator()
        self.live: dict[int, Piece] = {}
        self._workspaces: dict[str, int] = {}
        self.watch()

    def watch(self) -> None:
        self.peak = self.allocator.allocated
        self.at_peak: list[Piece] = list(self.live.values())
        self.line: list[int] = []
        self._grown = False

    def hold(
        self, key: int, size: int, shape: str, op: str, kind: str, place: tuple[str, str] = ("", "")
    ) -> None:
        self.live[key] = Piece(self.allocator.allocate(size), size, shape, op, kind, place)
        self._rise()

    def free(self, key: int) -> None:
        if self._grown:
            self._keep()
        piece = self.live.pop(key, None)
        if piece is not None:
            self.allocator.release(piece.block)

    def borrow(self, sizes: list[int]) -> list[Block]:
        """Memory that an operation wants for itself, until ``give_back``."""
        blocks = [self.allocator.allocate(size) for size in sizes if size]
        if blocks:
            self._rise()
        return blocks

    def give_back(self, blocks: list[Block]) -> None:
        if blocks and self._grown:
            self._keep()
        for block in blocks:
            self.allocator.release(block)

    def workspace(self, name: str, size: int) -> None:
        """A library's buffer, which stays once it was asked for."""
        if size and name not in self._workspaces:
            self._workspaces[name] = size
            self.hold(-1 - len(self._workspaces), size, "", name, "workspace")

    def _rise(self) -> None:
        if self.allocator.allocated > self.peak:
            self.peak = self.allocator.allocated
            self._grown = True

    def _keep(self) -> None:
        self._grown = False
        self.at_peak = list(self.live.values())

    def mark(self) -> None:
        self.line.append(self.allocator.allocated)

    def finish(self) -> None:
        if self._grown:
            self._keep()
