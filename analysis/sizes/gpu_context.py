"""What a process takes of a GPU before the framework's allocator takes anything: driver context, kernels, handles."""

from __future__ import annotations

from keras_memlint.analysis.sizes.settings import MIB

# Measured on an H100 with driver 580, lazy loading of kernels (benchmarks/estimate/results/context.json): from the first use of
# the GPU to convolutional and recurrent networks. Older GPUs and drivers take less, which the low end allows for.
# TensorFlow was not measured on a GPU: JAX's figures, whose compiler it uses.
_BY_BACKEND = {
    "tensorflow": (400 * MIB, 640 * MIB, 900 * MIB),
    "jax": (400 * MIB, 640 * MIB, 900 * MIB),
    "torch": (500 * MIB, 760 * MIB, 950 * MIB),
}


def context_bytes(backend: str) -> tuple[int, int, int]:
    """The lowest, the likely and the highest bytes for a backend; TensorFlow's for one that is not known."""
    return _BY_BACKEND.get(backend, _BY_BACKEND["tensorflow"])
