"""The largest batch that fits: a straight line proposes, a compile confirms."""

from __future__ import annotations

from collections.abc import Callable

from keras_memlint.estimate.result import Batch

LARGEST = 1 << 16
"""Larger batches are not looked for."""

_MOST_TRIES = 6


def largest(need: Callable[[int], int], memory: int, start: int) -> Batch | None:
    """The largest batch whose ``need`` in bytes is at most ``memory``, within 4 % unless that takes too many tries.

    Its size is 0 when not even one sample fits. None when no batch was found that does, and one sample was not tried.
    ``need`` is asked for as few batches as possible, beginning with ``start``, which is cheap when it is known already.
    """
    needs = {start: need(start)}
    second = _second(start, needs[start], memory)
    if second != start:
        needs[second] = need(second)
    error = None
    for _ in range(_MOST_TRIES):
        fitting, failing = _bracket(needs, memory)
        proposed = _proposal(needs, memory, fitting, failing)
        if proposed is None:
            break
        expected = _line(needs, proposed)
        needs[proposed] = need(proposed)
        error = abs(expected - needs[proposed]) / needs[proposed]
    fitting, failing = _bracket(needs, memory)
    if not fitting:
        return Batch(0, confirmed=True) if failing == 1 else None
    # At the end of the search nothing larger was seen that does not fit.
    return Batch(fitting, confirmed=fitting < LARGEST, line_error=error)


def _second(start: int, size: int, memory: int) -> int:
    """A batch far enough from ``start`` for a line: at small batches the peak does not grow evenly."""
    if size > memory:
        return max(start // 4, 1)
    return start * 4 if size * 2 <= memory else start * 2


def _bracket(needs: dict[int, int], memory: int) -> tuple[int, int]:
    """The largest batch known to fit, 0 when none is, and the smallest known not to, one beyond the end when none is."""
    fitting = max((batch for batch, size in needs.items() if size <= memory), default=0)
    return fitting, min(
        (b for b, size in needs.items() if size > memory and b > fitting), default=LARGEST + 1
    )


def _proposal(needs: dict[int, int], memory: int, fitting: int, failing: int) -> int | None:
    """The batch to try next; None when the answer is near enough."""
    step = _step(fitting)
    if failing - fitting <= step or fitting >= LARGEST:
        return None
    base, slope = _coefficients(needs)
    wanted = LARGEST if slope <= 0 else int((memory - base) / slope)
    # Far beyond the batches that were seen the line is worth less than another point on it.
    wanted = min(wanted, max(needs) * 32)
    wanted -= wanted % _step(wanted)
    return min(max(wanted, fitting + step), failing - 1)


def _step(batch: int) -> int:
    """How far apart two batches are that need not be told apart: at most 4 % of the batch, a power of two."""
    return 1 << max(int(batch * 0.04).bit_length() - 1, 0)


def _coefficients(needs: dict[int, int]) -> tuple[float, float]:
    """The line through the two largest batches."""
    batches = sorted(needs)[-2:]
    if len(batches) == 1:
        return 0.0, needs[batches[0]] / batches[0]
    (small, large) = batches
    slope = (needs[large] - needs[small]) / (large - small)
    return needs[large] - slope * large, slope


def _line(needs: dict[int, int], batch: int) -> float:
    base, slope = _coefficients(needs)
    return base + slope * batch
