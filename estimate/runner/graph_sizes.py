"""Lengths that the graph leaves open, most often the batch: given for the inputs, followed through the operations."""

from __future__ import annotations

from typing import Any, Sequence

from . import graph_ops as ops
from .graph_read import INPUTS, NO_MEMORY, Graph, Node, Shape
from .graph_values import Values

_AXIS_KEEPS_FIRST = frozenset(["GatherV2", "ResourceGather"])


def resolve(graph: Graph, inputs: Sequence[dict[str, Any]]) -> int:
    """Fills shapes in; the number of tensors whose size stays unknown.

    ``inputs``: descriptions of the step's inputs in their order, with ``shape`` or ``bytes``.
    """
    batch = _inputs(graph, inputs)
    return _resolve(graph, batch, Values())


def _inputs(graph: Graph, inputs: Sequence[dict[str, Any]]) -> int | None:
    """Gives the inputs their shapes; the length of the first axis of the first one."""
    slots = [(node, 0) for node in graph.arguments]
    slots += [(node, i) for node in graph.nodes if node.kind in INPUTS for i in range(len(node.shapes))]
    slots = [(node, i) for node, i in slots if node.types[i][0] not in NO_MEMORY]
    batch = None
    for (node, i), given in zip(slots, inputs):
        node.shapes[i] = shape = _given(node.shapes[i], node.types[i][1], given)
        if batch is None and shape:
            batch = shape[0]
    return batch


def _given(shape: Shape, size: int, given: dict[str, Any]) -> Shape:
    whole = given.get("shape")
    if whole is not None and (shape is None or len(shape) == len(whole)):
        return tuple(whole)
    open_axes = [at for at, length in enumerate(shape or ()) if length is None]
    if shape is None or len(open_axes) != 1 or not given.get("bytes"):
        return shape
    known = size
    for length in shape:
        known *= 1 if length is None else length
    return tuple(given["bytes"] // known if length is None and known else length for length in shape)


def _resolve(graph: Graph, batch: int | None, values: Values) -> int:
    unknown = 0
    for node in graph.nodes:
        for output, shape in enumerate(node.shapes):
            if node.types[output][0] in NO_MEMORY or not _open(shape):
                continue
            node.shapes[output] = _merged(shape, _inferred(node, output, values), batch)
            values.forget(node)
        if node.kind in ops.LOOPS and node.body is not None:
            _enter(node, batch, values)
        unknown += sum(1 for output in range(len(node.shapes)) if node.bytes(output) is None)
        if node.body is not None:
            unknown += sum(
                1 for inside in node.body.nodes for i in range(len(inside.shapes)) if inside.bytes(i) is None
            )
    return unknown


def _enter(loop: Node, batch: int | None, values: Values) -> None:
    loop.trips = values.trips(loop)
    if loop.trips is None:
        lengths = [values.list_length(edge) for edge in loop.inputs]
        loop.trips = max((length for length in lengths if length is not None), default=None)
    for graph in (loop.condition, loop.body):
        if graph is None:
            continue
        for argument, (node, output) in zip(graph.arguments, loop.inputs):
            if _open(argument.shapes[0]) and argument.types[0][0] not in NO_MEMORY:
                argument.shapes[0] = node.shapes[output]
        _resolve(graph, batch, Values())


def _open(shape: Shape) -> bool:
    return shape is None or None in shape


def _merged(shape: Shape, found: Shape, batch: int | None) -> Shape:
    """``shape`` with its open lengths from ``found``; an open first length that nobody knows is the batch."""
    if shape is None:
        return found
    if found is None or len(found) != len(shape):
        found = (None,) * len(shape)
    merged = [new if length is None else length for length, new in zip(shape, found)]
    if merged and merged[0] is None:
        merged[0] = batch
    return tuple(merged)


def _inferred(node: Node, output: int, values: Values) -> Shape:
    kind = node.kind
    sources: list[Shape] = [source.shapes[at] for source, at in node.inputs]
    if kind.startswith("FusedBatchNorm") and output > 2:
        return (0,) if node.shapes[output] is None else None  # what cuDNN keeps for itself
    if kind in ops.ELEMENTWISE:
        return _broadcast(sources)
    if kind in ops.LOOPS:
        return sources[output]
    if kind in (
        "Reshape",
        "Fill",
        "BroadcastTo",
        "RandomUniform",
        "StatelessRandomUniformV2",
        "RandomStandardNormal",
    ):
        at = 1 if kind in ("Reshape", "BroadcastTo") else 0
        return _reshaped(values.numbers(node.inputs[at]), sources[0] if kind == "Reshape" else None)
    if kind in ("Transpose", "ConjugateTranspose"):
        order = values.numbers(node.inputs[1])
        if order is None or sources[0] is None or len(order) != len(sources[0]):
            return None
        return tuple(sources[0][at] for at in order)
    if kind == "MatMul":
        return _product(node, sources, "transpose_a", "transpose_b")
    if kind.startswith("BatchMatMul"):
        return _product(node, sources, "adj_x", "adj_y")
    if kind == "Tile":
        times = values.numbers(node.inputs[1])
        if times is None or sources[0] is None or len(times) != len(sources[0]):
            return None
        return tuple(None if length is None else length * n for length, n in zip(sources[0], times))
    if kind in _AXIS_KEEPS_FIRST:
        return _gathered(node, sources, values)
    if kind.endswith(("BackpropInput", "BackpropInputV2")):
        return values.numbers(node.inputs[0])
    return _same_rank(node.shapes[output], sources)


def _reshaped(target: tuple[int, ...] | None, source: Shape) -> Shape:
    if target is None or -1 not in target:
        return target
    if source is None or None in source:
        return tuple(None if length == -1 else length for length in target)
    count, rest = 1, 1
    for length in source:
        count *= length or 0
    for length in target:
        rest *= 1 if length == -1 else length
    return tuple((count // rest if rest else 0) if length == -1 else length for length in target)


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    if not shapes or any(shape is None for shape in shapes):
        return None
    rank = max(len(shape) for shape in shapes if shape is not None)
    result: list[int | None] = []
    for axis in range(rank):
        lengths = [shape[axis - rank] for shape in shapes if shape is not None and rank - axis <= len(shape)]
        long = [length for length in lengths if length != 1]
        known = [length for length in long if length is not None]
        result.append(known[0] if known else (None if long else 1))
    return tuple(result)


def _product(node: Node, sources: Sequence[Shape], first: str, second: str) -> Shape:
    left, right = sources[0], sources[1]
    if left is None or right is None or len(left) < 2 or len(right) < 2:
        return None
    rows = left[-1] if node.op.get_attr(first) else left[-2]
    columns = right[-2] if node.op.get_attr(second) else right[-1]
    outer = _broadcast([left[:-2], right[:-2]])
    return None if outer is None else outer + (rows, columns)


def _gathered(node: Node, sources: Sequence[Shape], values: Values) -> Shape:
    if node.kind == "ResourceGather":
        return None
    table, at = sources[0], sources[1]
    axis = values.number(node.inputs[2])
    if table is None or at is None or axis is None or int(node.op.get_attr("batch_dims")):
        return None
    return table[:axis] + at + table[axis + 1 :]


def _same_rank(shape: Shape, sources: Sequence[Shape]) -> Shape:
    """Open lengths of most layers' operations stand at the same place in the first input of that rank."""
    if shape is None:
        return None
    for source in sources:
        if source is not None and len(source) == len(shape):
            return source
    return None
