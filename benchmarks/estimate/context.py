"""Memory of the GPU that a framework's allocator does not manage: ``python context.py jax|torch`` on an idle GPU.

Prints one JSON object: for each stage, bytes that the GPU has in use, less the bytes before, less the allocator's pool.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

Reader = Callable[[], int]


def main(framework: str) -> dict[str, int]:
    """Stages in the order in which a script meets them."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    os.environ["KERAS_BACKEND"] = framework
    used = _used()
    before = used()
    stages = {}
    for name, pool in _jax() if framework == "jax" else _torch():
        stages[name] = used() - before - pool
    return stages


def _used() -> Reader:
    import pynvml

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    return lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)


def _jax() -> Any:
    """Pairs of a stage and the bytes in the allocator's pool."""
    import jax
    import jax.numpy as jnp

    yield "import", 0
    device = jax.local_devices()[0]

    def pool() -> int:
        stats = device.memory_stats()
        return int(stats.get("pool_bytes", stats["bytes_in_use"]))

    yield "device", pool()
    x = jnp.ones((512, 512)).block_until_ready()
    (x + 1).block_until_ready()
    yield "addition", pool()
    for dtype in ("float32", "bfloat16"):
        (x.astype(dtype) @ x.astype(dtype)).block_until_ready()
        yield f"product {dtype}", pool()
    image, kernel = jnp.ones((8, 64, 64, 64)), jnp.ones((64, 64, 3, 3))
    for dtype in ("float32", "bfloat16"):
        jax.lax.conv(image.astype(dtype), kernel.astype(dtype), (1, 1), "SAME").block_until_ready()
        yield f"convolution {dtype}", pool()
    for model in ("dense", "lstm", "conv1d"):
        _fit(model)
        yield model, pool()


def _torch() -> Any:
    import torch

    yield "import", 0
    pool = torch.cuda.memory_reserved
    x = torch.ones(512, 512, device="cuda")
    torch.cuda.synchronize()
    yield "device", pool()
    (x + 1).cpu()
    yield "addition", pool()
    for dtype in (torch.float32, torch.bfloat16):
        (x.to(dtype) @ x.to(dtype)).cpu()
        yield f"product {dtype}".replace("torch.", ""), pool()
    image, kernel = torch.ones(8, 64, 64, 64, device="cuda"), torch.ones(64, 64, 3, 3, device="cuda")
    for dtype in (torch.float32, torch.bfloat16):
        torch.nn.functional.conv2d(image.to(dtype), kernel.to(dtype), padding=1).cpu()
        yield f"convolution {dtype}".replace("torch.", ""), pool()
    for model in ("dense", "lstm", "conv1d", "resnet50"):
        _fit(model)
        yield model, pool()


def _fit(name: str) -> None:
    import keras
    from models import MODELS

    batch = MODELS[name].batches[0]
    model, x, y = MODELS[name].build(keras, batch)
    model.fit(x, y, batch_size=batch, epochs=2, verbose=0)


if __name__ == "__main__":
    print("RESULT " + json.dumps(main(sys.argv[1])))
