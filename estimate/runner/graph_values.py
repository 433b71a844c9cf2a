"""Small whole numbers that a graph computes: shapes, counters and trip counts, followed without running TensorFlow."""

from __future__ import annotations

import struct
from typing import Any, Callable, Tuple

from .graph_read import Edge, Graph, Node

Value = Tuple[Tuple[int, ...], Tuple[Any, ...]]
"""A shape and the numbers, flat."""

MOST = 64
"""Numbers in a value that is followed."""

MOST_TRIPS = 100_000
_FORMATS = {"int32": "i", "int64": "q", "bool": "?", "float32": "f", "int8": "b", "uint8": "B", "int16": "h"}
_FIELDS = {"int32": "int_val", "int64": "int64_val", "bool": "bool_val", "float32": "float_val"}

_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "AddV2": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "FloorDiv": lambda a, b: a // b if b else 0,
    "FloorMod": lambda a, b: a % b if b else 0,
    "Maximum": max,
    "Minimum": min,
    "Less": lambda a, b: a < b,
    "LessEqual": lambda a, b: a <= b,
    "Greater": lambda a, b: a > b,
    "GreaterEqual": lambda a, b: a >= b,
    "Equal": lambda a, b: a == b,
    "NotEqual": lambda a, b: a != b,
}
_SAME = ("Identity", "Snapshot", "StopGradient", "EnsureShape")
_RESHAPING = ("Reshape", "Squeeze", "ExpandDims")


class Values:
    """Answers for the edges of one graph; ``known`` holds the values of its arguments, where there are any."""

    def __init__(self, known: dict[Node, Value] | None = None) -> None:
        self._known = known or {}
        self._memo: dict[tuple[Node, int], Value | None] = {}

    def of(self, edge: Edge) -> Value | None:
        """None when it is not a small number, or not known."""
        if edge in self._memo:
            return self._memo[edge]
        self._memo[edge] = None  # stands while the inputs are looked at: a cycle is not known
        self._memo[edge] = found = self._found(*edge)
        return found

    def number(self, edge: Edge) -> int | None:
        found = self.of(edge)
        return None if found is None or len(found[1]) != 1 else int(found[1][0])

    def numbers(self, edge: Edge) -> tuple[int, ...] | None:
        found = self.of(edge)
        return None if found is None else tuple(int(n) for n in found[1])

    def forget(self, node: Node) -> None:
        """The node's shape is known better now."""
        for output in range(len(node.shapes)):
            self._memo.pop((node, output), None)

    def _found(self, node: Node, output: int) -> Value | None:
        if node in self._known:
            return self._known[node]
        kind = node.kind
        if kind == "Const":
            return constant(node)
        if kind == "LogicalAnd":
            return self._both(node)
        if kind in _BINARY:
            return self._binary(node)
        if kind in _SAME:
            return self.of(node.inputs[0])
        if kind == "Cast":
            found = self.of(node.inputs[0])
            whole = node.types[0][0].startswith(("int", "uint"))
            return (found[0], tuple(int(n) for n in found[1])) if found and whole else found
        if kind in _RESHAPING:
            found = self.of(node.inputs[0])
            shape = _whole(node.shapes[0])
            return None if found is None or shape is None else (shape, found[1])
        if kind in ("While", "StatelessWhile"):
            return self._after_loop(node, output)
        method = getattr(self, "_" + kind.lower(), None)
        found = method(node) if method is not None else None
        return found if found is None or len(found[1]) <= MOST else None

    def _both(self, node: Node) -> Value | None:
        """What is not known does not end a loop."""
        values = [self.of(edge) for edge in node.inputs]
        if any(value is not None and not any(value[1]) for value in values):
            return (), (False,)
        return ((), (True,)) if any(value is not None for value in values) else None

    def _binary(self, node: Node) -> Value | None:
        left, right = self.of(node.inputs[0]), self.of(node.inputs[1])
        if left is None or right is None:
            return None
        long = left if len(left[1]) >= len(right[1]) else right
        count = len(long[1])
        if len(left[1]) not in (1, count) or len(right[1]) not in (1, count):
            return None
        work = _BINARY[node.kind]
        first, second = (v[1] if len(v[1]) == count else v[1] * count for v in (left, right))
        return long[0], tuple(work(a, b) for a, b in zip(first, second))

    def _shape(self, node: Node) -> Value | None:
        source, output = node.inputs[0]
        shape = _whole(source.shapes[output])
        return None if shape is None else ((len(shape),), shape)

    def _size(self, node: Node) -> Value | None:
        found = self._shape(node)
        return None if found is None else ((), (_product(found[1]),))

    def _rank(self, node: Node) -> Value | None:
        source, output = node.inputs[0]
        shape = source.shapes[output]
        return None if shape is None else ((), (len(shape),))

    def _pack(self, node: Node) -> Value | None:
        values = [self.of(edge) for edge in node.inputs]
        if any(value is None or value[0] for value in values):
            return None
        return (len(values),), tuple(value[1][0] for value in values if value is not None)

    def _concatv2(self, node: Node) -> Value | None:
        values = [self.of(edge) for edge in node.inputs[:-1]]
        if any(value is None or len(value[0]) != 1 for value in values):
            return None
        numbers = tuple(n for value in values if value is not None for n in value[1])
        return (len(numbers),), numbers

    def _prod(self, node: Node) -> Value | None:
        return self._reduced(node, _product)

    def _sum(self, node: Node) -> Value | None:
        return self._reduced(node, sum)

    def _max(self, node: Node) -> Value | None:
        return self._reduced(node, max)

    def _reduced(self, node: Node, work: Any) -> Value | None:
        value = self.of(node.inputs[0])
        if value is None or not value[1] or node.shapes[0] not in ((), (1,)):
            return None
        return tuple(node.shapes[0]), (work(value[1]),)

    def _range(self, node: Node) -> Value | None:
        start, limit, step = (self.number(edge) for edge in node.inputs)
        if start is None or limit is None or not step or abs((limit - start) // step) > MOST:
            return None
        numbers = tuple(range(start, limit, step))
        return (len(numbers),), numbers

    def _fill(self, node: Node) -> Value | None:
        shape, value = self.numbers(node.inputs[0]), self.of(node.inputs[1])
        if shape is None or value is None or _product(shape) > MOST:
            return None
        return shape, value[1] * _product(shape)

    def _gatherv2(self, node: Node) -> Value | None:
        values, at = self.of(node.inputs[0]), self.of(node.inputs[1])
        if values is None or at is None or len(values[0]) != 1:
            return None
        if any(not 0 <= int(i) < len(values[1]) for i in at[1]):
            return None
        return at[0], tuple(values[1][int(i)] for i in at[1])

    def _stridedslice(self, node: Node) -> Value | None:
        value = self.of(node.inputs[0])
        begin, end, step = (self.numbers(edge) for edge in node.inputs[1:4])
        if value is None or len(value[0]) != 1 or not begin or not end or not step or len(begin) != 1:
            return None
        masks = [int(node.op.get_attr(name)) for name in ("begin_mask", "end_mask", "shrink_axis_mask")]
        if masks[2]:
            at = begin[0]
            inside = -len(value[1]) <= at < len(value[1])
            return ((), (value[1][at],)) if inside else None
        part = value[1][slice(None if masks[0] else begin[0], None if masks[1] else end[0], step[0])]
        return (len(part),), part

    def _tensorlistlength(self, node: Node) -> Value | None:
        length = self.list_length(node.inputs[0])
        return None if length is None else ((), (length,))

    def list_length(self, edge: Edge) -> int | None:
        """Elements of a list as it was made; None for one that grows or comes from elsewhere."""
        node, output = edge
        if node.kind == "TensorListReserve":
            return self.number(node.inputs[1])
        if node.kind == "TensorListFromTensor":
            source, at = node.inputs[0]
            shape = source.shapes[at]
            return shape[0] if shape else None
        if node.kind in ("TensorListSetItem", "ZerosLike", "Identity"):
            return self.list_length(node.inputs[0])
        if node.kind in ("While", "StatelessWhile"):
            return self.list_length(node.inputs[output])
        return None

    def _after_loop(self, node: Node, output: int) -> Value | None:
        if node.body is None:
            return None
        values = _run(node, [self.of(edge) for edge in node.inputs])[1]
        for at, value in enumerate(values):
            self._memo[(node, at)] = value
        return values[output]

    def trips(self, loop: Node) -> int | None:
        """How often the loop's body runs; None when its condition is not a matter of small numbers."""
        return _run(loop, [self.of(edge) for edge in loop.inputs])[0]


def _run(loop: Node, values: list[Value | None]) -> tuple[int | None, list[Value | None]]:
    """The small numbers of a loop, run to its end: trips and final values."""
    condition, body = loop.condition, loop.body
    unknown: list[Value | None] = [None] * len(values)
    if condition is None or body is None:
        return None, unknown
    moving = frozenset(_moving(body))
    for trip in range(MOST_TRIPS):
        goes_on = Values(_bound(condition, values)).of(condition.results[0])
        if goes_on is None:
            return None, unknown
        if not any(goes_on[1]):
            return trip, values
        inside = Values(_bound(body, values))
        values = [inside.of(edge) if at in moving else values[at] for at, edge in enumerate(body.results)]
        if not moving:
            return None, unknown
    return None, unknown


def _moving(body: Graph) -> list[int]:
    """Loop variables that change and may be small numbers."""
    return [
        at
        for at, edge in enumerate(body.results)
        if edge[0] is not body.arguments[at] and edge[0].types[edge[1]][0] in ("int32", "int64", "bool")
    ]


def _bound(graph: Graph, values: list[Value | None]) -> dict[Node, Value]:
    return {node: value for node, value in zip(graph.arguments, values) if value is not None}


def constant(node: Node) -> Value | None:
    """None for large constants and for types that are not numbers."""
    shape = _whole(node.shapes[0])
    name = node.types[0][0]
    if shape is None or name not in _FORMATS or _product(shape) > MOST or node.op.type != "Const":
        return None
    proto = node.op.get_attr("value")
    count = _product(shape)
    if proto.tensor_content:
        numbers = struct.unpack(f"<{count}{_FORMATS[name]}", proto.tensor_content)
    else:
        given = tuple(getattr(proto, _FIELDS.get(name, "int_val"))) or (0,)
        numbers = given + given[-1:] * (count - len(given))
    return shape, tuple(numbers[:count])


def _whole(shape: Any) -> tuple[int, ...] | None:
    return None if shape is None or any(length is None for length in shape) else tuple(shape)


def _product(numbers: Any) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total
