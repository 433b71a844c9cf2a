"""From the compiler's account to what the program takes on a real GPU: the allocator's arithmetic over its arrays.

The order of allocations and the constants were found on an H100 with the tuning models of ``benchmarks/estimate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras_memlint.estimate.compiler.client import Compiled
from keras_memlint.estimate.devices import Device
from keras_memlint.estimate.result import Range
from keras_memlint.estimate.runner.bfc import Allocator

_MIB = 1 << 20
_SEED = 8
_SLACK = 1.01
"""The order of operations differs a little from run to run."""


def program_peak(
    compiled: Compiled, arguments: Sequence[Mapping[str, Any]], device: Device, *, fit_on_jax: bool
) -> Range:
    """The peak of the training program in bytes. ``arguments`` as the runner describes them.

    ``fit_on_jax``: Keras's own loop, which moves each batch to the GPU one step ahead. ``low`` is the program by the
    compiler alone, ``high`` leaves room for what one call of a library may want.
    """
    stats = compiled.stats
    results = stats.outputs - stats.aliased
    replay = _fit_on_jax if fit_on_jax else _program
    mid = max(stats.peak, replay(arguments, stats.temporary, results))
    high = max(mid, replay(arguments, stats.temporary + _scratch(compiled, device), results))
    return Range(stats.peak, mid, int(high * _SLACK))


def _program(arguments: Sequence[Mapping[str, Any]], temporary: int, results: int) -> int:
    """One run of a program whose arguments are on the GPU."""
    pool = Allocator(growing=True)
    for size in (*_sizes(arguments, "parameter", "state", "optimizer", "input"), temporary, results):
        pool.allocate(size)
    return pool.peak


def _fit_on_jax(arguments: Sequence[Mapping[str, Any]], temporary: int, results: int) -> int:
    """What ``Model.fit`` takes in order: it looks at two batches to build the optimizer, drops them, and starts over."""
    pool = Allocator(growing=True)
    batch = _sizes(arguments, "input")
    for size in (_SEED, *_sizes(arguments, "parameter", "state")):
        pool.allocate(size)
    looked_at = [pool.allocate(size) for size in batch * 2]
    for size in _sizes(arguments, "optimizer"):
        pool.allocate(size)
    for chunk in looked_at:
        pool.release(chunk)
    ahead = [pool.allocate(size) for size in batch]
    for _ in range(3):
        current, ahead = ahead, [pool.allocate(size) for size in batch]
        step = [pool.allocate(temporary), pool.allocate(results)]
        for chunk in step + current:
            pool.release(chunk)
    return pool.peak


def _sizes(arguments: Sequence[Mapping[str, Any]], *kinds: str) -> list[int]:
    return [int(argument["bytes"]) for argument in arguments if argument["kind"] in kinds]


def _scratch(compiled: Compiled, device: Device) -> int:
    """One call runs at a time, so the largest counts. Products take XLA's workspace for cuBLASLt."""
    products = 32 * _MIB if device.gpu.compute_capability >= (9, 0) else 4 * _MIB
    return max(compiled.scratch, products if compiled.calls.get("gemm") else 0)
