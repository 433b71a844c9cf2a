"""Where a tensor comes from, for people: layer, operation and the line of the user's code."""

from __future__ import annotations

from typing import Any

from . import graph_ops as ops
from . import places
from .graph_memory import Tensor
from .graph_read import Node

_SHORT = {"float": "f", "bfloat": "bf", "int": "s", "uint": "u"}


def kind_of(node: Node) -> str:
    """``gradient``, ``optimizer`` or ``activation``, by the operation's name."""
    first = node.name.split("/", 1)[0].lower().rstrip("_0123456789")
    if "gradient_tape/" in node.name or "gradients/" in node.name:
        return "gradient"
    return "optimizer" if first in ops.OPTIMIZERS or node.kind.startswith(ops.EFFECTS) else "activation"


def describe(tensor: Tensor) -> dict[str, Any]:
    node = tensor.node
    assert node is not None
    return {
        "bytes": tensor.size,
        "shape": _shape(node, tensor.output),
        "layer": layer(node.name),
        "op": node.kind,
        "source": source(node),
        "kind": kind_of(node),
    }


def layer(name: str) -> str:
    """``gradient_tape/model/conv1/Conv2D`` is of the layer ``conv1``."""
    parts = [
        part
        for part in name.split("/")
        if part not in ("gradient_tape", "gradients", "StatefulPartitionedCall")
    ]
    return parts[1] if len(parts) > 2 else parts[0] if parts else ""


def source(node: Node) -> str:
    """``file:line`` of the innermost frame outside of libraries; empty when there is none."""
    try:
        frames = list(node.op.traceback)
    except Exception:  # the traceback is a courtesy of TensorFlow and takes several shapes
        return ""
    for frame in reversed(frames):
        file, line = getattr(frame, "filename", ""), getattr(frame, "lineno", 0)
        if file and places.is_users(file):
            return f"{file}:{line}"
    return ""


def _shape(node: Node, output: int) -> str:
    if output >= len(node.types):  # the old value of a variable, held by its update
        return ""
    name = node.types[output][0]
    bits = name.lstrip("abcdefghijklmnopqrstuvwxyz_")
    short = _SHORT.get(name[: len(name) - len(bits)], name)
    shape = node.shapes[output] or ()
    lengths = ",".join("?" if length is None else str(length) for length in shape)
    return f"{short}{bits if short != name else ''}[{lengths}]"
