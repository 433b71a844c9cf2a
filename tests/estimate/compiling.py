"""A compile process and a program for tests; without the extra the tests that use them are skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from keras_memlint.estimate.compiler.client import EXTRA, PYTHON_VARIABLE, Compiler

# One step of training: `dense` is multiplied, its gradient computed, and the parameter replaced.
PROGRAM = """
module @step {
  func.func public @main(%w: tensor<256x256xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<128x256xf32>)
      -> (tensor<256x256xf32>, tensor<f32>) {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
        : (tensor<128x256xf32>, tensor<256x256xf32>) -> tensor<128x256xf32> loc(#forward)
    %t = stablehlo.tanh %h : tensor<128x256xf32> loc(#tanh)
    %g = stablehlo.dot_general %x, %t, contracting_dims = [0] x [0]
        : (tensor<128x256xf32>, tensor<128x256xf32>) -> tensor<256x256xf32> loc(#backward)
    %new = stablehlo.subtract %w, %g : tensor<256x256xf32> loc(#update)
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %loss = stablehlo.reduce(%t init: %zero) applies stablehlo.add across dimensions = [0, 1]
        : (tensor<128x256xf32>, tensor<f32>) -> tensor<f32> loc(#loss)
    return %new, %loss : tensor<256x256xf32>, tensor<f32>
  }
}
#forward = loc("jit(step)/jvp(dense)/dot_general"("/home/me/train.py":31:4))
#tanh = loc("jit(step)/jvp(dense)/tanh"("/home/me/train.py":32:4))
#backward = loc("jit(step)/transpose(jvp(dense))/dot_general"("/home/me/train.py":31:4))
#update = loc("jit(step)/sgd/sub"("/lib/python3.11/site-packages/keras/sgd.py":5:4))
#loss = loc("jit(step)/jvp(loss)/reduce_sum"("/home/me/train.py":40:4))
"""

ARGUMENTS = [
    {"kind": "parameter", "name": "dense/kernel", "bytes": 262144, "dtype": "float32", "shape": [256, 256]},
    {"kind": "input", "name": "x", "bytes": 131072, "dtype": "float32", "shape": [128, 256]},
]


def tiny_program(folder: Path, text: str = PROGRAM) -> Path:
    path = folder / "program.mlir"
    path.write_text(text)
    return path


@cache
def missing() -> str:
    """Why nothing can be compiled here, empty when it can."""
    if sys.platform != "linux":
        return "the compiler's packages exist for Linux only"
    python = os.environ.get(PYTHON_VARIABLE) or sys.executable
    found = subprocess.run(
        [python, "-c", "import jax_plugins.xla_cuda12, google.protobuf"], capture_output=True, cwd="/"
    )
    return "" if found.returncode == 0 else f"{python} lacks the extra: {EXTRA}"


@pytest.fixture(scope="module")
def compiler() -> Iterator[Compiler]:
    if reason := missing():
        pytest.skip(reason)
    with Compiler() as process:
        yield process
