"""The context of a GPU as estimates count with it."""

from __future__ import annotations

from keras_memlint.analysis.sizes.gpu_context import context_bytes
from keras_memlint.estimate.result import Range


def of_backend(backend: str) -> Range:
    """The range of bytes for a backend."""
    return Range(*context_bytes(backend))
