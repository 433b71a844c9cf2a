"""What tests of several layers need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_memlint.analysis.text.files import script_from_bytes
from keras_memlint.analysis.text.source import text_hash
from keras_memlint.estimate.result import Breakdown, Estimate, Host, Range, TargetEstimate, WhatIf

GIB = 1 << 30


def around(gib: float) -> Range:
    return Range(int(gib * 0.9 * GIB), int(gib * GIB), int(gib * 1.1 * GIB))


@pytest.fixture(scope="session")
def estimate_of() -> Callable[..., Estimate]:
    """Makes an estimate of a file on disk: 3 GiB and a context of half of one on a T4, at batch 32."""

    def make(script: Path, *, line: int | None = 1, gib: float = 3.0, **changes: Any) -> Estimate:
        text = script_from_bytes(script.read_bytes(), str(script)).source.text
        t4 = TargetEstimate(
            "T4",
            15 * GIB,
            "compiler",
            "tensorflow",
            around(gib),
            around(0.5),
            around(gib + 0.5),
            "no" if gib > 15 else "yes",
        )
        plain: dict[str, Any] = {
            "script": str(script),
            "script_hash": text_hash(text),
            "line": line,
            "hook": "fit",
            "backend": "tensorflow",
            "versions": {"keras": "3.15.0"},
            "tier": "compiler",
            "batch_size": 32,
            "steps": 3,
            "policy": "float32",
            "optimizer": "Adam",
            "host_peak_bytes": None,
            "host": Host(),
            "cpu_allocator_peak_bytes": None,
            "breakdown": Breakdown(parameters=100 << 20, optimizer=200 << 20),
            "program_peak_bytes": around(gib),
            "targets": (t4,),
            "what_if": (
                WhatIf("mixed_float16", "T4", "mixed float16", around(gib / 2), int(gib / 2 * GIB)),
                WhatIf("remat", "T4", "rematerialisation", None, None, problem="not possible"),
            ),
            "timeline": ((0.0, 1), (1.0, 2)),
        }
        return Estimate(**{**plain, **changes})

    return make
