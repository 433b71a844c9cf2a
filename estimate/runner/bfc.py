"""TensorFlow's allocator in numbers: best fit with coalescing (BFC), without any memory behind it.

What it adds to the sum of the tensors: sizes are rounded up to 256 bytes, and a free chunk less than twice the size that was asked
for is handed out whole, so the tensor holds up to twice its size.
"""

from __future__ import annotations

from bisect import bisect_left, insort

UNIT = 256
MAX_WASTE = 128 << 20
FIRST_REGION = 2 << 20


class Chunk:
    """A piece of a region, free or in use, between its neighbours."""

    __slots__ = ("address", "after", "before", "free", "size")

    def __init__(self, address: int, size: int) -> None:
        self.address, self.size = address, size
        self.free = True
        self.before: Chunk | None = None
        self.after: Chunk | None = None


class Allocator:
    """One region without an end, as after a preallocation of the whole memory; or regions that are added as needed.

    ``in_use`` and ``peak`` in bytes.
    """

    def __init__(self, growing: bool = False) -> None:
        self.in_use = self.peak = 0
        self._free: list[
            tuple[int, int]
        ] = []  # size and address: the best fit is the first that is large enough
        self._at: dict[int, Chunk] = {}
        self._next_region = FIRST_REGION
        self._end = 0
        if not growing:
            self._add(Chunk(0, 1 << 60))

    def allocate(self, size: int) -> Chunk:
        rounded = max(UNIT, (size + UNIT - 1) // UNIT * UNIT)
        at = bisect_left(self._free, (rounded, -1))
        if at == len(self._free):
            self._grow(rounded)
            at = bisect_left(self._free, (rounded, -1))
        chunk = self._at[self._free.pop(at)[1]]
        if chunk.size >= 2 * rounded or chunk.size - rounded >= MAX_WASTE:
            rest = Chunk(chunk.address + rounded, chunk.size - rounded)
            rest.before, rest.after = chunk, chunk.after
            if chunk.after is not None:
                chunk.after.before = rest
            chunk.after, chunk.size = rest, rounded
            self._add(rest)
        chunk.free = False
        self.in_use += chunk.size
        self.peak = max(self.peak, self.in_use)
        return chunk

    def release(self, chunk: Chunk) -> None:
        self.in_use -= chunk.size
        after, before = chunk.after, chunk.before
        if after is not None and after.free:
            self._take(after)
            chunk.size += after.size
            chunk.after = after.after
            if chunk.after is not None:
                chunk.after.before = chunk
        if before is not None and before.free:
            self._take(before)
            del self._at[chunk.address]
            before.size += chunk.size
            before.after = chunk.after
            if before.after is not None:
                before.after.before = before
            chunk = before
        self._add(chunk)

    def _grow(self, size: int) -> None:
        """A region of at least ``size``, twice as large as the last one."""
        doubled = False
        while self._next_region < size:
            self._next_region *= 2
            doubled = True
        # Regions do not touch each other, so that their chunks are never joined.
        self._add(Chunk(self._end, self._next_region))
        self._end += 2 * self._next_region
        if not doubled:
            self._next_region *= 2

    def _add(self, chunk: Chunk) -> None:
        chunk.free = True
        self._at[chunk.address] = chunk
        insort(self._free, (chunk.size, chunk.address))

    def _take(self, chunk: Chunk) -> None:
        del self._free[bisect_left(self._free, (chunk.size, chunk.address))]
        del self._at[chunk.address]
