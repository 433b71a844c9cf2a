"""The scratch memory that a call of NVIDIA's libraries may want on a real GPU.

Without one the compiler tries no algorithm and counts none. The rules come from the tuning models of
``benchmarks/estimate`` on an H100, and stand for the largest that one call was seen to keep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras_memlint.estimate.compiler import hlo, names

PARTIAL_SUMS = 66 * (256 << 10) + 256
"""Bytes of partial weight gradients that cuDNN keeps for a convolution, on 132 multiprocessors."""

_WIDTHS = {"f32": 4, "bf16": 2, "f16": 2, "f64": 8}
_ALIGNED = 16
"""Bytes to which cuDNN pads the channels."""


def of_convolutions(instructions: Mapping[int, Any]) -> int:
    """The most bytes that one convolution of the program may want; 0 without convolutions."""
    return max(
        (_of(call, instructions) for call in instructions.values() if _is_convolution(call)), default=0
    )


def _is_convolution(instruction: Any) -> bool:
    return instruction.opcode == "custom-call" and names.library(instruction.target) == "convolution"


def _of(call: Any, instructions: Mapping[int, Any]) -> int:
    operands = [_array(instructions[number]) for number in call.operands[:2]]
    dilated = any(dimension.dilation > 1 for dimension in call.window.dimensions)
    return PARTIAL_SUMS + _copies([array for array in operands if array is not None], dilated)


def _array(instruction: Any) -> tuple[str, list[int]] | None:
    shape = instruction.shape
    while shape.parts:
        shape = shape.parts[0]
    kind = hlo.TYPES.get(shape.type)
    return (kind, list(shape.dimensions)) if kind in _WIDTHS and shape.dimensions else None


def _copies(operands: list[tuple[str, list[int]]], dilated: bool) -> int:
    """cuDNN copies both operands when it must pad the channels, or, in float32, when the filter is dilated."""
    total, copied = 0, dilated and any(kind == "f32" for kind, _ in operands)
    for kind, sizes in operands:
        width = _WIDTHS[kind]
        together = _ALIGNED // width
        padded = -(-sizes[-1] // together) * together
        copied = copied or (padded != sizes[-1] and not dilated)
        total += math.prod(sizes[:-1]) * padded * width
    return total if copied else 0
