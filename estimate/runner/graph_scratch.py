"""Memory that kernels want for themselves while they run, beside their inputs and outputs."""

from __future__ import annotations

from typing import Callable, Dict

from . import graph_ops as ops
from .graph_read import Graph, Node

MIB = 1 << 20
Levels = Dict[str, int]


def on_gpu(graph: Graph) -> dict[Node, Levels]:
    """What cuDNN and cuBLAS ask for. Nobody but the device knows it, so it is a range.

    TensorFlow lets a convolution have up to 4 GiB and takes the fastest; padded copies of the operands are common.
    """
    return _each(graph, _gpu_levels)


def on_cpu(graph: Graph) -> dict[Node, Levels]:
    """Only grouped convolutions, which Keras gives to XLA even in a step without XLA; others take scratch elsewhere."""
    return _each(graph, _cpu_levels)


def _each(graph: Graph, levels: Callable[[Node], Levels]) -> dict[Node, Levels]:
    found: dict[Node, Levels] = {}
    for node in graph.nodes:
        if node.body is not None:
            found.update(_each(node.body, levels))
            continue
        wanted = levels(node)
        if wanted:
            found[node] = wanted
    return found


def _gpu_levels(node: Node) -> Levels:
    if node.kind in ops.CONVOLUTIONS:
        moved = (node.bytes(0) or 0) + sum(source.bytes(output) or 0 for source, output in node.inputs)
        return {"low": 0, "mid": min(moved, 32 * MIB), "high": min(3 * moved, 4096 * MIB)}
    return {"low": 0, "mid": 4 * MIB, "high": 32 * MIB} if node.kind in ops.PRODUCTS else {}


def _cpu_levels(node: Node) -> Levels:
    """XLA's CPU compiler writes the filter's gradient out twice for every pair of channels, as if there were no groups."""
    if node.kind != "Conv2DBackpropFilter":
        return {}
    source, output = node.inputs[0]
    images, filters = source.shapes[output], node.shapes[0]
    if (
        not images
        or not filters
        or None in images
        or None in filters
        or len(images) != 4
        or len(filters) != 4
    ):
        return {}
    height, width, depth, made = (length or 0 for length in filters)
    channels = images[1 if node.op.get_attr("data_format") == b"NCHW" else 3] or 0
    if depth == channels:
        return {}
    return {"cpu": 2 * height * width * channels * made * node.types[0][1]}
