"""What a process takes of a GPU before the framework's allocator takes anything: driver context, kernels, handles."""

from __future__ import annotations

from keras_memlint.analysis.settings import MIB
from keras_memlint.estimate.result import Range

# Placeholders until measured, see benchmarks/estimate.
_BY_BACKEND = {
    "tensorflow": Range(300 * MIB, 500 * MIB, 900 * MIB),
    "jax": Range(300 * MIB, 500 * MIB, 900 * MIB),
    "torch": Range(300 * MIB, 500 * MIB, 900 * MIB),
}


def of_backend(backend: str) -> Range:
    """The range of bytes for a backend."""
    return _BY_BACKEND[backend]
