"""Measures one variant of one evidence script in this process: anonymous resident memory and time.

`run.py` starts this file once for every variant, so each measurement begins in a fresh, warmed-up process.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import math
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

SAMPLE_SECONDS = 0.002


class Measured(NamedTuple):
    """What one call cost above the memory the process held before it, in bytes and seconds.

    `resident_bytes` is what stays after the call while its return value is still referenced; `seconds` is the
    fastest call.
    """

    peak_bytes: int
    resident_bytes: int
    seconds: float


def measure(function: Callable[[], Any], calls: int = 1) -> Measured:
    """Calls `function` while a thread samples this process's anonymous resident memory."""
    release_free_memory()
    baseline = peak = anonymous_bytes()
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_SECONDS):
            peak = max(peak, anonymous_bytes())

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    seconds = math.inf
    try:
        for _ in range(calls):
            started = time.perf_counter()
            kept = function()
            seconds = min(seconds, time.perf_counter() - started)
    finally:
        done.set()
        sampler.join()
    peak = max(peak, anonymous_bytes())
    release_free_memory()
    resident = anonymous_bytes()
    del kept
    return Measured(peak - baseline, max(resident - baseline, 0), seconds)


def anonymous_bytes() -> int:
    """Anonymous resident memory of this process; file-backed pages, which can be dropped, do not count."""
    with open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(b"RssAnon:"):
                return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no RssAnon line: Linux 4.5 or newer is needed")


def release_free_memory() -> None:
    """Collects garbage and hands the allocator's free lists back, so that they hide or add nothing."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def warm_up(keras: ModuleType) -> None:
    """One tiny training and prediction, so that thread pools and lazy imports are not charged to a variant."""
    import numpy as np

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((8, 4), "float32")
    model.fit(x, x[:, :1], batch_size=4, verbose=0)
    model.predict(x, verbose=0)


def main(script: str, variant: str, folder: str) -> dict[str, Any]:
    """Runs one variant (or `facts`) of one script; a variant named `..._tf_keras` is warmed up with Keras 2."""
    module = importlib.import_module(script)
    prepare = getattr(module, "prepare", None)
    arguments = () if prepare is None else (prepare(Path(folder)),)
    function = getattr(module, variant)
    if variant == "facts":
        facts: dict[str, Any] = function(*arguments)
        return facts
    warm_up(importlib.import_module("tf_keras" if variant.endswith("tf_keras") else "keras"))
    return measure(lambda: function(*arguments), getattr(module, "CALLS", 1))._asdict()


if __name__ == "__main__":
    outcome = main(*sys.argv[1:4])
    Path(sys.argv[3], "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
