"""What TensorFlow's graph optimiser (Grappler) does before a graph runs, as far as it changes memory.

Constants are computed, equal operations become one, transposes move into products, and what nobody needs is dropped.
Fusions are left out: the fused operations reuse the same memory.
"""

from __future__ import annotations

from typing import Any

from . import graph_ops as ops
from .graph_read import Graph, Node
from .graph_values import Values

MOST_FOLDED = 100 * 1024
"""Bytes of a constant that is computed beforehand; larger ones are made in each step."""


def clean(graph: Graph, values: Values | None = None) -> None:
    """Changes the graph and the bodies of its loops in place, and tells each node who reads it."""
    values = values or Values()
    _fold(graph, values)
    _merge_equal(graph)
    _move_transposes(graph, values)
    _drop_unneeded(graph)
    for node in graph.nodes:
        if node.body is not None:
            clean(node.body)
    _connect(graph)


def has_effect(node: Node) -> bool:
    """It runs even if nobody reads what it gives."""
    return node.kind.startswith(ops.EFFECTS) or node.kind in ops.RANDOM


def _fold(graph: Graph, values: Values) -> None:
    for node in graph.nodes:
        if node.kind in ("Shape", "Size", "Rank") and values.of((node, 0)) is not None:
            _make_constant(node)
        elif node.inputs and all(source.kind == "Const" for source, _ in node.inputs) and _computable(node):
            values.of((node, 0))  # remembered before the inputs are gone
            _make_constant(node)


def _computable(node: Node) -> bool:
    if has_effect(node) or node.kind in ops.LOOPS or "TensorList" in node.kind or not node.shapes:
        return False
    if node.kind.startswith(("Random", "Stateless")):
        return False
    sizes = [node.bytes(output) for output in range(len(node.shapes))]
    kinds = [name for name, _ in node.types]
    return all(size is not None and size <= MOST_FOLDED for size in sizes) and not {
        "resource",
        "variant",
    } & set(kinds)


def _make_constant(node: Node) -> None:
    node.kind, node.inputs, node.control = "Const", [], []


def _merge_equal(graph: Graph) -> None:
    seen: dict[Any, Node] = {}
    instead: dict[Node, Node] = {}
    for node in graph.nodes:
        node.inputs = [(instead.get(source, source), at) for source, at in node.inputs]
        node.control = [instead.get(source, source) for source in node.control]
        key = _key(node)
        if key is None:
            continue
        first = seen.setdefault(key, node)
        if first is not node:
            instead[node] = first
    graph.results = [(instead.get(source, source), at) for source, at in graph.results]


def _key(node: Node) -> tuple[Any, ...] | None:
    """None for operations that are not replaced by an equal one."""
    kind = node.kind
    if (
        kind in ("Argument", "Const", "ReadVariableOp", "Placeholder")
        or has_effect(node)
        or kind in ops.LOOPS
    ):
        return None
    if not node.inputs or "TensorList" in kind or "Iterator" in kind:
        return None
    attributes = node.op.node_def.attr
    told = tuple(
        (name, attributes[name].SerializeToString()) for name in sorted(attributes) if name[0] != "_"
    )
    return (kind, tuple(node.inputs), told)


def _move_transposes(graph: Graph, values: Values) -> None:
    """A product reads its input transposed by itself when the last two axes are exchanged."""
    for node in graph.nodes:
        if node.kind != "MatMul" and not node.kind.startswith("BatchMatMul"):
            continue
        for at, (source, _) in enumerate(node.inputs):
            if source.kind == "Transpose" and _exchanges_last(values.numbers(source.inputs[1])):
                node.inputs[at] = source.inputs[0]


def _exchanges_last(order: tuple[int, ...] | None) -> bool:
    if order is None or len(order) < 2:
        return False
    return order == tuple(range(len(order) - 2)) + (len(order) - 1, len(order) - 2)


def _drop_unneeded(graph: Graph) -> None:
    needed: set[Node] = set()
    stack: list[Node] = [source for source, _ in graph.results]
    stack += [node for node in graph.nodes if has_effect(node)]
    while stack:
        node = stack.pop()
        if node in needed:
            continue
        needed.add(node)
        stack.extend(source for source, _ in node.inputs)
        stack.extend(node.control)
    graph.nodes = [node for node in graph.nodes if node in needed]


def _connect(graph: Graph) -> None:
    """Constants hold nobody up, so they are no edges."""
    for node in graph.nodes + graph.arguments:
        node.consumers = [[] for _ in node.shapes]
        node.followers = []
    graph.nodes = [node for node in graph.nodes if node.kind != "Argument"]
    for at, node in enumerate(graph.nodes):
        node.at = at
        edges = [(slot, edge) for slot, edge in enumerate(node.inputs) if edge[0].kind not in ops.CONSTANTS]
        for slot, (source, output) in edges:
            source.consumers[output].append((node, slot))
        before = [source for source in dict.fromkeys(node.control) if source.kind not in ops.CONSTANTS]
        for source in before:
            source.followers.append(node)
        node.waits = len(edges) + len(before)
    for slot, (source, output) in enumerate(graph.results):
        if source.kind in ops.CONSTANTS:
            graph.fixed.append(slot)
        else:
            source.consumers[output].append((None, slot))
    working = [node for node in graph.nodes if node.kind not in ops.CONSTANTS]
    graph.starts = [node for node in working if not node.waits and node.kind not in ops.LOOPS]
    graph.work = len(working)
