"""PyTorch's CUDA caching allocator in numbers, without any memory behind it.

What it adds to the sum of the tensors: sizes are rounded up to 512 bytes; memory is asked for in segments, and a free block that is
only a little larger than what was asked for is handed out whole.
"""

from __future__ import annotations

from bisect import bisect_left, insort

MIB = 1 << 20
UNIT = 512
SMALL = MIB
"""Up to this size blocks come from segments of their own kind, and a rest of this size is not split off a large block."""

SMALL_SEGMENT = 2 * MIB
LARGE_SEGMENT = 20 * MIB
LARGE_ALLOCATION = 10 * MIB


class Block:
    """A piece of a segment, free or in use, between its neighbours."""

    __slots__ = ("address", "after", "before", "size", "small", "used")

    def __init__(self, address: int, size: int, small: bool) -> None:
        self.address, self.size, self.small = address, size, small
        self.used = False
        self.before: Block | None = None
        self.after: Block | None = None


class Allocator:
    """``allocated`` and ``reserved`` as ``torch.cuda.memory_allocated`` and ``memory_reserved`` would say."""

    def __init__(self) -> None:
        self.allocated = self.reserved = 0
        self._free: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        self._at: dict[int, Block] = {}
        self._end = 0

    def allocate(self, size: int) -> Block:
        """The smallest free block that is large enough, of those the one with the lowest address; else a new segment."""
        rounded = max(UNIT, (size + UNIT - 1) // UNIT * UNIT)
        small = rounded <= SMALL
        free = self._free[small]
        at = bisect_left(free, (rounded, -1))
        if at < len(free):
            block = self._at[free.pop(at)[1]]
        else:
            block = self._segment(rounded, small)
        rest = block.size - rounded
        if rest >= UNIT if small else rest > SMALL:
            self._split(block, rounded)
        block.used = True
        self.allocated += block.size
        return block

    def release(self, block: Block) -> None:
        """A free block joins its free neighbours."""
        self.allocated -= block.size
        block.used = False
        before, after = block.before, block.after
        if after is not None and not after.used:
            self._take(after)
            self._join(block, after)
        if before is not None and not before.used:
            self._take(before)
            self._join(before, block)
            block = before
        self._give(block)

    def _segment(self, rounded: int, small: bool) -> Block:
        if small:
            size = SMALL_SEGMENT
        elif rounded < LARGE_ALLOCATION:
            size = LARGE_SEGMENT
        else:
            size = (rounded + 2 * MIB - 1) // (2 * MIB) * (2 * MIB)
        block = Block(self._end, size, small)
        self._at[block.address] = block
        self._end += size
        self.reserved += size
        return block

    def _split(self, block: Block, size: int) -> None:
        rest = Block(block.address + size, block.size - size, block.small)
        rest.before, rest.after = block, block.after
        if block.after is not None:
            block.after.before = rest
        block.after, block.size = rest, size
        self._at[rest.address] = rest
        self._give(rest)

    def _join(self, block: Block, after: Block) -> None:
        block.size += after.size
        block.after = after.after
        if after.after is not None:
            after.after.before = block
        del self._at[after.address]

    def _give(self, block: Block) -> None:
        insort(self._free[block.small], (block.size, block.address))

    def _take(self, block: Block) -> None:
        free = self._free[block.small]
        del free[bisect_left(free, (block.size, block.address))]
