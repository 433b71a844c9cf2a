"""One case in a process of its own: ``python measure.py MODEL BATCH POLICY ROUTE`` prints one JSON object.

Routes: ``jax`` and ``torch``. Each trains on the GPU and reads the framework's allocator. All sizes in bytes.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()
STEPS = 5
"""Training steps of a measurement: the first ones compile, tune and fill buffers."""


def main(model: str, batch: int, policy: str, route: str) -> dict[str, Any]:
    """What the allocator of ``route`` says of one case."""
    os.environ["KERAS_BACKEND"] = route
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    steps = _recorded_steps() if route == "jax" else []
    import keras
    from models import MODELS

    keras.mixed_precision.set_global_policy(policy)
    built = MODELS[model].build(keras, batch)
    known = {"parameters": built[0].count_params(), "outputs": _outputs(built[0], batch)}
    return known | (_torch(*built, batch) if route == "torch" else _jax(*built, batch, steps))


def _outputs(model: Any, batch: int) -> int:
    """Numbers in the outputs of all layers: what people add up by hand."""
    total = 0
    for layer in model.layers:
        count = 1
        for size in getattr(layer, "output", layer).shape if hasattr(layer, "output") else ():
            count *= batch if size is None else size
        total += count
    return total


def _recorded_steps() -> list[tuple[Any, Any]]:
    """A list that gets Keras's jitted training step with the shapes of its first call; before Keras is imported."""
    import jax

    steps: list[tuple[Any, Any]] = []
    original = jax.jit

    def recording(function: Any = None, **options: Any) -> Any:
        if function is None:
            return lambda f: recording(f, **options)
        jitted = original(function, **options)
        if getattr(function, "__name__", "") != "train_step":
            return jitted

        def call(*arguments: Any) -> Any:
            if not steps:
                steps.append((jitted, jax.tree.map(_shape, arguments)))
            return jitted(*arguments)

        return call

    jax.jit = recording
    return steps


def _shape(array: Any) -> Any:
    import jax

    return jax.ShapeDtypeStruct(array.shape, array.dtype, weak_type=getattr(array, "weak_type", False))


def _jax(model: Any, x: Any, y: Any, batch: int, steps: list[tuple[Any, Any]]) -> dict[str, Any]:
    import jax
    import numpy as np

    device = jax.local_devices()[0]
    before = device.memory_stats()
    model.fit(np.concatenate([x] * STEPS), np.concatenate([y] * STEPS), batch_size=batch, verbose=0)
    after = device.memory_stats()
    return {
        "device": device.device_kind,
        "jax": jax.__version__,
        "built": before["bytes_in_use"],
        "built_peak": before["peak_bytes_in_use"],
        "peak": after["peak_bytes_in_use"],
        "left": after["bytes_in_use"],
        "largest": after["largest_alloc_size"],
        "pool": after.get("peak_pool_bytes", 0),
        **(_inspected(*steps[0]) if "HLO_FOLDER" in os.environ else {}),
    }


def _inspected(jitted: Any, shapes: Any) -> dict[str, Any]:
    """What the compiler says of the program that ran; its text goes to the folder that ``HLO_FOLDER`` names."""
    executable = jitted.lower(*shapes).compile()
    text = executable.as_text()
    name = "-".join(sys.argv[1:4]) + ".hlo.gz"
    (Path(os.environ["HLO_FOLDER"]) / name).write_bytes(gzip.compress(text.encode()))
    return {"compiled": _compiled(executable), "scratch": _scratch(text)}


def _scratch(hlo: str) -> list[int]:
    """Bytes that calls of libraries ask for beside their operands, largest first."""
    calls = [line for line in hlo.splitlines() if "custom-call(" in line]
    sizes = [
        int(size) for line in calls for size in re.findall(r"[us]8\[(\d+)\]", line.split("custom-call(")[0])
    ]
    return sorted(sizes, reverse=True)[:8]


def _torch(model: Any, x: Any, y: Any, batch: int) -> dict[str, Any]:
    import numpy as np
    import torch

    built = torch.cuda.memory_allocated()
    model.fit(np.concatenate([x] * STEPS), np.concatenate([y] * STEPS), batch_size=batch, verbose=0)
    return {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "built": built,
        "peak": torch.cuda.max_memory_allocated(),
        "reserved": torch.cuda.max_memory_reserved(),
        "left": torch.cuda.memory_allocated(),
    }


def _compiled(executable: Any) -> dict[str, int]:
    stats = executable.memory_analysis()
    return {
        "arguments": stats.argument_size_in_bytes,
        "outputs": stats.output_size_in_bytes,
        "aliased": stats.alias_size_in_bytes,
        "temporary": stats.temp_size_in_bytes,
        "peak": stats.peak_memory_in_bytes,
    }


def _say(result: dict[str, Any]) -> None:
    print("RESULT " + json.dumps(result | {"seconds": round(time.perf_counter() - STARTED, 1)}), flush=True)


if __name__ == "__main__":
    _say(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
