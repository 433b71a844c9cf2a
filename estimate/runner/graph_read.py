"""TensorFlow's function graph as plain nodes: calls and branches are written out in place, loops keep their bodies."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

from . import graph_ops as ops

Shape = Optional[Tuple[Optional[int], ...]]
"""None stands for an unknown rank, or an unknown length."""

NO_MEMORY = ("resource", "variant", "string")
INPUTS = ("IteratorGetNext", "IteratorGetNextSync")
"""Operations that hand a batch in."""


class Node:
    """One operation. ``kind`` is its type, or ``Argument`` for what comes from outside its graph."""

    __slots__ = (
        "at",
        "body",
        "condition",
        "consumers",
        "control",
        "followers",
        "inputs",
        "kind",
        "name",
        "op",
        "parallel",
        "shapes",
        "trips",
        "types",
        "waits",
        "weight",
    )

    def __init__(
        self, kind: str, name: str, op: Any, shapes: list[Shape], types: list[tuple[str, int]]
    ) -> None:
        self.kind, self.name, self.op = kind, name, op
        self.shapes, self.types = shapes, types
        self.inputs: list[Edge] = []
        self.control: list[Node] = []
        self.followers: list[Node] = []
        self.waits = 0
        self.consumers: list[list[tuple[Node | None, int]]] = []
        self.condition: Graph | None = None
        self.body: Graph | None = None
        self.trips: int | None = None
        self.parallel = 1
        self.weight = 1.0
        self.at = 0

    def bytes(self, output: int) -> int | None:
        """None when the shape is not known; 0 for what holds no numbers."""
        name, size = self.types[output]
        if name in NO_MEMORY:
            return 0
        shape = self.shapes[output]
        if shape is None:
            return None
        total = size
        for length in shape:
            if length is None:
                return None
            total *= length
        return total


Edge = Tuple[Node, int]


class Graph:
    """Nodes in the order they were written, what comes in and what goes out.

    ``starts`` and ``fixed`` are filled in for the run: nodes that wait for nothing, and results that are constants.
    """

    __slots__ = ("arguments", "fixed", "nodes", "results", "starts", "work")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.arguments: list[Node] = []
        self.results: list[Edge] = []
        self.starts: list[Node] = []
        self.fixed: list[int] = []
        self.work = 0


def read(function_graph: Any) -> Graph:
    """The graph of a ``ConcreteFunction`` (its ``graph``)."""
    return _Reader([function_graph]).graph(function_graph)


class _Reader:
    """``scopes``: graphs whose function libraries know the functions that are called, outermost first."""

    def __init__(self, scopes: list[Any]) -> None:
        self._scopes = scopes

    def graph(self, source: Any) -> Graph:
        graph = Graph()
        arguments = []
        for tensor in source.inputs:
            node = _node("Argument", tensor.op)
            graph.nodes.append(node)
            graph.arguments.append(node)
            arguments.append((node, 0))
        graph.results = self._write_out(source, arguments, graph.nodes, "")
        return graph

    def _write_out(
        self, source: Any, arguments: Sequence[Edge], nodes: list[Node], prefix: str
    ) -> list[Edge]:
        """Appends the operations of ``source`` to ``nodes``; the edges of its results."""
        edges: dict[str, Edge] = {t.name: edge for t, edge in zip(source.inputs, arguments)}
        done: dict[str, list[Node]] = {}
        for op in _ordered(source.get_operations()):
            if op.outputs and op.outputs[0].name in edges:
                continue
            inputs = [edges[t.name] for t in op.inputs]
            control = [node for before in op.control_inputs for node in done.get(before.name, ())]
            first = len(nodes)
            called = self._called(op)
            if called is not None:
                inner = inputs[1:] if op.type in ops.BRANCHES else inputs
                self._scopes.append(called)
                outputs = self._write_out(called, inner, nodes, prefix + op.name + "/")
                self._scopes.pop()
                for node in nodes[first:]:
                    node.control.extend(control)
            else:
                node = _node(op.type, op, prefix)
                node.inputs, node.control = inputs, control
                if op.type in ops.LOOPS:
                    self._enter(node, op)
                nodes.append(node)
                outputs = [(node, i) for i in range(len(node.shapes))]
            done[op.name] = nodes[first:]
            for tensor, edge in zip(op.outputs, outputs):
                edges[tensor.name] = edge
        return [edges[t.name] for t in source.outputs]

    def _called(self, op: Any) -> Any:
        """The graph that stands for the call or the branch; None for other operations and for unknown functions."""
        if op.type in ops.CALLS:
            return self._function(op.get_attr("f").name) if op.type != "XlaLaunch" else None
        if op.type not in ops.BRANCHES:
            return None
        if "Case" in op.type:
            names = [branch.name for branch in op.get_attr("branches")]
        else:
            names = [op.get_attr("then_branch").name, op.get_attr("else_branch").name]
        graphs = [graph for graph in map(self._function, names) if graph is not None]
        return max(graphs, key=lambda graph: len(graph.get_operations()), default=None)

    def _enter(self, node: Node, op: Any) -> None:
        node.parallel = int(op.get_attr("parallel_iterations"))
        for name in ("cond", "body"):
            source = self._function(op.get_attr(name).name)
            if source is None:
                return
            self._scopes.append(source)
            setattr(node, "condition" if name == "cond" else "body", self.graph(source))
            self._scopes.pop()

    def _function(self, name: str) -> Any:
        for scope in reversed(self._scopes):
            while scope is not None:
                known = getattr(scope, "_get_function", lambda name: None)(name)
                if known is not None:
                    return getattr(known, "graph", None)
                scope = getattr(scope, "outer_graph", None)
        return None


def _ordered(operations: Sequence[Any]) -> list[Any]:
    """As written, but each after those that it reads: gradients of loops add inputs to loops written before."""
    ordered: list[Any] = []
    state: dict[str, int] = {}
    for start in operations:
        stack = [start]
        while stack:
            op = stack[-1]
            name = op.name
            if state.get(name) == 2:
                stack.pop()
                continue
            before = [tensor.op for tensor in op.inputs] + list(op.control_inputs)
            missing = [one for one in before if one.name not in state]
            if state.get(name) == 1 or not missing:
                state[name] = 2
                ordered.append(stack.pop())
                continue
            state[name] = 1
            stack.extend(reversed(missing))
    return ordered


def _node(kind: str, op: Any, prefix: str = "") -> Node:
    shapes: list[Shape] = []
    types: list[tuple[str, int]] = []
    for tensor in op.outputs:
        shape = tensor.shape
        shapes.append(None if shape.rank is None else tuple(shape.as_list()))
        name = tensor.dtype.name
        types.append((name, 0 if name in NO_MEMORY else int(tensor.dtype.size)))
    return Node(kind, prefix + op.name, op, shapes, types)
