"""The peak of a TensorFlow training step that runs without XLA, from its function graph: nothing is executed.

Follows each tensor from the operation that makes it to the last one that reads it, in the order in which TensorFlow's executor would
run them, through TensorFlow's own way of handing memory out.
"""

from __future__ import annotations

import os
from typing import Any, Sequence

from . import graph_ops as ops
from .graph_clean import clean
from .graph_memory import Memory, Tensor, Value, Variable
from .graph_names import describe, kind_of
from .graph_read import NO_MEMORY, Graph, Node, read
from .graph_run import Executor
from .graph_scratch import on_cpu, on_gpu
from .graph_sizes import resolve

POINTS = 400
TOP = 10
MOST_WORK = 40_000
"""Operations in loops that are followed one by one."""
FEWEST_TRIPS = 40
"""More than TensorFlow runs at once."""
_PARTS = {
    "parameter": "parameters",
    "state": "parameters",
    "optimizer": "optimizer",
    "input": "inputs",
    "gradient": "gradients",
    "activation": "activations",
}


def liveness(
    concrete_function: Any, arguments: Sequence[dict[str, Any]], threads: int | None = None
) -> dict[str, Any]:
    """What the step holds at its peak on a GPU, and under ``cpu`` what TensorFlow's CPU allocator would show.

    ``arguments``: ``{"kind", "name", "bytes", ...}`` for the step's variables and inputs, which live all the time.
    ``threads``: of the CPU executor; the machine's processors when it is None.
    """
    graph = read(concrete_function.graph)
    unknown = resolve(graph, [a for a in arguments if a["kind"] == "input"])
    clean(graph)
    _shorten_loops(graph)
    step = _Step(graph, arguments)
    memory, operations = step.run(0, on_gpu(graph))
    cpu, _ = step.run(threads or os.cpu_count() or 1, on_cpu(graph))
    peaks = memory.peak_with
    workspace = {level: max(0, peaks.get(level, 0) - memory.peak) for level in ("low", "mid", "high")}
    return {
        "peak": memory.peak + workspace["mid"],
        "persistent": sum(a["bytes"] for a in arguments),
        "breakdown": _breakdown(memory, arguments, workspace["mid"]),
        "timeline": _timeline(memory.line),
        "top": _top(memory.at_peak, arguments),
        "unknown": unknown,
        "operations": operations,
        "workspace": workspace,
        "cpu": {"peak": max(cpu.peak, cpu.peak_with.get("cpu", 0))},
        "notes": _notes(graph),
    }


def _loops(graph: Graph) -> list[Node]:
    found = [node for node in graph.nodes if node.body is not None]
    return found + [inner for node in found if node.body is not None for inner in _loops(node.body)]


def _shorten_loops(graph: Graph) -> None:
    """Of long loops only some iterations are run; what they put into lists then counts for those left out as well."""
    loops = [node for node in _loops(graph) if node.body is not None and node.trips is not None]
    bodies = sum(node.body.work for node in loops if node.body is not None)
    most = max(FEWEST_TRIPS, MOST_WORK // max(1, bodies))
    for node in loops:
        if node.trips is not None and node.trips > most:
            node.weight, node.trips = node.trips / most, most


class _Step:
    def __init__(self, graph: Graph, arguments: Sequence[dict[str, Any]]) -> None:
        self._graph, self._arguments = graph, arguments

    def run(self, threads: int, scratch: dict[Node, dict[str, int]]) -> tuple[Memory, int]:
        """Two steps, of which the second counts: the first one leaves the allocator as later ones find it."""
        memory = Memory()
        values, batch = self._persistent(memory)
        executor = Executor(memory, threads, batch, scratch)
        executor.run(self._graph, values)
        memory.watch()
        executor.operations = 0
        executor.run(self._graph, values)
        memory.finish()
        return memory, executor.operations

    def _persistent(self, memory: Memory) -> tuple[list[Value], list[Value]]:
        """Values of the graph's arguments, and of the batch; what the graph does not show is allocated beside."""
        sizes = _variable_sizes(self._graph)
        total = sum(a["bytes"] for a in self._arguments)
        batch: list[Value] = [
            memory.tensor(a["bytes"], None) for a in self._arguments if a["kind"] == "input"
        ]
        given = iter(batch)
        used = sum(a["bytes"] for a in self._arguments if a["kind"] == "input")
        values: list[Value] = []
        for node in self._graph.arguments:
            name = node.types[0][0]
            if name == "resource":
                size = sizes.get(node, 0)
                used += size
                values.append(Variable(memory.tensor(size, None)))
            elif name in NO_MEMORY:
                values.append(None)
            else:
                value = next(given, None)
                if value is None:
                    value = memory.tensor(node.bytes(0), None)
                    used += node.bytes(0) or 0
                values.append(value)
        memory.tensor(total - used if total > used else 0, None)
        return values, batch


def _variable_sizes(graph: Graph) -> dict[Node, int]:
    """Bytes of the variables behind resource arguments, as their readers and writers show them."""
    sizes: dict[Node, int] = {}

    def look(graph: Graph, names: dict[Node, Node]) -> None:
        for node in graph.nodes:
            for slot, (source, _) in enumerate(node.inputs):
                outer = names.get(source)
                if outer is None:
                    continue
                if node.kind == "ReadVariableOp":
                    sizes[outer] = node.bytes(0) or 0
                elif node.kind.startswith("Assign") and len(node.inputs) > 1:
                    value, output = node.inputs[1]
                    sizes.setdefault(outer, value.bytes(output) or 0)
                elif node.kind.startswith("ResourceApply"):
                    value, output = node.inputs[-1]
                    sizes.setdefault(outer, value.bytes(output) or 0)
                elif node.body is not None:
                    look(node.body, {node.body.arguments[slot]: outer})

    look(graph, {node: node for node in graph.arguments if node.types[0][0] == "resource"})
    return sizes


def _breakdown(memory: Memory, arguments: Sequence[dict[str, Any]], workspace: int) -> dict[str, int]:
    """What is live at the peak. Waste inside chunks counts as workspace."""
    parts = dict.fromkeys(("parameters", "gradients", "optimizer", "activations", "inputs", "workspace"), 0)
    for argument in arguments:
        parts[_PARTS.get(argument["kind"], "parameters")] += argument["bytes"]
    for tensor in memory.at_peak:
        if tensor.node is not None:
            parts[_PARTS[kind_of(tensor.node)]] += tensor.size
    parts["workspace"] = max(0, memory.peak - sum(parts.values())) + workspace
    return parts


def _timeline(line: list[int]) -> list[list[float]]:
    """The highest point of each stretch of the step."""
    if not line:
        return []
    width = (len(line) + POINTS - 1) // POINTS
    points = [max(line[at : at + width]) for at in range(0, len(line), width)]
    return [[round(at / max(1, len(points) - 1), 4), size] for at, size in enumerate(points)]


def _top(tensors: list[Tensor], arguments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    made = sorted((tensor for tensor in tensors if tensor.node is not None), key=lambda tensor: -tensor.size)
    rows = [describe(tensor) for tensor in made[:TOP]]
    for argument in arguments:
        rows.append(
            {
                "bytes": argument["bytes"],
                "shape": argument.get("dtype", "") + str(list(argument.get("shape") or [])).replace(" ", ""),
                "layer": argument["name"],
                "op": "",
                "source": "",
                "kind": argument["kind"],
            }
        )
    return sorted(rows, key=lambda row: -row["bytes"])[:TOP]


def _notes(graph: Graph) -> list[str]:
    """What a GPU would do differently from this graph."""
    notes = []
    if any(node.body is not None for node in graph.nodes):
        notes.append(
            "loops: on a GPU, Keras may run LSTM and GRU layers by cuDNN instead, which keeps other tensors"
        )
    if any(node.kind in ops.LOOPS and node.trips is None for node in graph.nodes):
        notes.append("a loop's number of iterations is not known; one iteration is counted")
    return notes
