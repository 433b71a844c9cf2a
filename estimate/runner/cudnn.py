"""cuDNN's recurrent layers on a machine without a GPU: Keras on JAX runs LSTM layers through cuDNN there, and only there.

The sizes were read off an H100 with cuDNN 9 (``benchmarks/estimate``): two float32 layers at two batch sizes each, so they
are fits and not cuDNN's own formulas. JAX allots as many float32 numbers as cuDNN asks for bytes, four times too much.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, Iterator

_ROOM = 256


def sizes(
    inputs: int,
    units: int,
    layers: int,
    batch: int,
    steps: int,
    dropout: float,
    bidirectional: bool,
    tf32: bool,
) -> tuple[int, int]:
    """Workspace and reserve space of one call, in bytes as cuDNN counts."""
    directions = 2 if bidirectional else 1
    cell = 4 * units * directions
    reserve = layers * 5 * batch * steps * cell + _ROOM
    weights = 4 * directions * layers * 4 * units * (inputs + units)
    if bidirectional:
        return batch * (9 * steps * cell + 13 * cell + 8) + weights * 35 // 3 + _ROOM, reserve
    return batch * (6 * steps * cell + 11 * cell + 8) + 5 * weights + _ROOM, reserve


@contextlib.contextmanager
def chosen() -> Iterator[None]:
    """Keras takes the path that it takes on a GPU, for tracing only. Without the modules it names nothing changes."""
    try:
        # The package's attribute of that name is a function.
        keras_rnn: Any = importlib.import_module("keras.src.backend.jax.rnn")
        gpu_rnn: Any = importlib.import_module("jaxlib.gpu_rnn")
    except ImportError:
        yield
        return
    patches: list[tuple[Any, str, Any]] = [
        (keras_rnn, "_is_gpu_available", lambda: True),
        (gpu_rnn, "compute_rnn_workspace_reserve_space_sizes", sizes),
    ]
    before = [(module, name, getattr(module, name, None)) for module, name, _ in patches]
    for module, name, value in patches:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
