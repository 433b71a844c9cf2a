"""What the compiler's buffers say: the memory of a step, what is alive at its peak, and its course over the step.

The temporaries of a step lie in one block that the program takes as a whole. The trace of the compiler's simulation
tells which of them are alive when.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keras_memlint.estimate.compiler import hlo, names, scratch
from keras_memlint.estimate.compiler.origins import Origins

Json = dict[str, Any]

TIMELINE_POINTS = 400
TOP = 10

_PART = {
    "parameter": "parameters",
    "state": "parameters",
    "optimizer": "optimizer",
    "input": "inputs",
    "gradient": "gradients",
    "activation": "activations",
    "workspace": "workspace",
}
"""The part of the breakdown that a kind belongs to."""


@dataclass(frozen=True, slots=True)
class _Live:
    """Something in memory at the peak."""

    bytes: int
    kind: str
    shape: str
    layer: str | None = None
    op: str | None = None
    source: str | None = None


def describe(proto: Any, arguments: Sequence[Mapping[str, Any]], layers: Sequence[str]) -> Json:
    """The answer for a compiled program. ``arguments`` in its order, or none; ``layers``: names of the model's."""
    return _Program(proto, arguments, layers).answer()


class _Program:
    def __init__(self, proto: Any, arguments: Sequence[Mapping[str, Any]], layers: Sequence[str]) -> None:
        self._buffers = proto.buffers
        self._module = proto.module
        self._arguments = arguments
        self._names = names.Names(layers, arguments)
        self._values = {value.id: value for value in proto.buffers.values}
        self._instructions = {
            instruction.id: instruction
            for computation in proto.module.computations
            for instruction in computation.instructions
        }
        self._origins = Origins(proto.module, arguments)

    def answer(self) -> Json:
        stats = self._stats()
        steps = self._steps()
        events = max(range(len(steps)), key=steps.__getitem__)
        live = [*self._permanent(), *self._alive_after(events)]
        base = stats["arguments"] + stats["outputs"] - stats["aliased"]
        breakdown = Counter(dict.fromkeys(_PART.values(), 0))
        for entry in live:
            breakdown[_PART[entry.kind]] += entry.bytes
        # What is left of the block: gaps between buffers, tables of addresses.
        breakdown["workspace"] += stats["peak"] - sum(breakdown.values())
        return {
            "stats": stats,
            "breakdown": dict(breakdown),
            "timeline": [[position, base + size] for position, size in _thinned(steps)],
            "top": [_row(entry) for entry in heapq.nlargest(TOP, live, key=lambda entry: entry.bytes)],
            "calls": self._calls(),
            "scratch": scratch.of_convolutions(self._instructions),
        }

    def _stats(self) -> dict[str, int]:
        sizes: Counter[str] = Counter()
        for allocation in self._buffers.allocations:
            if allocation.is_thread_local:
                continue
            if allocation.is_constant:
                sizes["constants"] += allocation.size
                continue
            if allocation.is_parameter:
                sizes["arguments"] += allocation.size
            if allocation.is_result:
                sizes["outputs"] += allocation.size
            if allocation.is_parameter and allocation.is_result:
                sizes["aliased"] += allocation.size
            if not allocation.is_parameter and not allocation.is_result:
                sizes["temporary"] += allocation.size
        peak = sizes["arguments"] + sizes["outputs"] - sizes["aliased"] + sizes["temporary"]
        kinds = ("arguments", "outputs", "aliased", "temporary", "constants")
        return {**{kind: sizes[kind] for kind in kinds}, "peak": peak}

    def _events(self) -> list[Any]:
        """Of all traces, in the order of the step. There is more than one only with several kinds of memory."""
        placed = [
            (number / len(trace.events), which, number, event)
            for which, trace in enumerate(self._buffers.traces)
            for number, event in enumerate(trace.events)
        ]
        return [entry[-1] for entry in sorted(placed, key=lambda entry: entry[:3])]

    def _steps(self) -> list[int]:
        """Bytes of temporaries alive at the start and after each event."""
        users = _Users()
        live, steps = 0, [0]
        for event in self._events():
            before, owner, after = users.see(event)
            live += (bool(after) - bool(before)) * self._values[owner].size
            steps.append(live)
        return steps

    def _alive_after(self, events: int) -> list[_Live]:
        """The temporaries alive after so many events."""
        users = _Users()
        for event in self._events()[:events]:
            users.see(event)
        return [self._temporary(self._values[owner]) for owner in users.owners()]

    def _temporary(self, value: Any) -> _Live:
        named, name = self._origins.of(value)
        instruction = self._instructions[value.at.instruction]
        shape = _at(instruction.shape, value.at.index)
        is_scratch = (
            instruction.opcode == "custom-call" and value.at.index and _text(shape).startswith(("u8[", "s8["))
        )
        return _Live(
            value.size,
            "workspace" if is_scratch else self._names.kind(name),
            _text(shape),
            self._names.layer(name),
            names.operation(name) or instruction.opcode,
            self._source(named),
        )

    def _source(self, instruction: Any) -> str | None:
        """The line of the user's code nearest to it, None where only libraries are known."""
        metadata, stacks = instruction.metadata, self._module.stacks
        frame = metadata.stack
        while frame:
            entry = stacks.frames[frame - 1]
            place = stacks.places[entry.place - 1]
            file = stacks.files[place.file - 1]
            if names.is_users(file):
                return f"{file}:{place.line}"
            frame = entry.parent
        if metadata.file and names.is_users(metadata.file):
            return f"{metadata.file}:{metadata.line}"
        return None

    def _permanent(self) -> list[_Live]:
        """Arguments and results, which are there from the start of the step to its end."""
        found = []
        sizes: dict[tuple[int, str], str] = {}
        for allocation in self._buffers.allocations:
            if not allocation.is_parameter:
                continue
            shape = self._shape(allocation)
            if allocation.parameter < len(self._arguments):
                argument = self._arguments[allocation.parameter]
                kind, name = str(argument["kind"]), str(argument.get("name") or "")
            else:
                kind, name = "parameter" if allocation.is_result else "input", ""
            sizes.setdefault((allocation.size, shape), kind)
            found.append(_Live(allocation.size, kind, shape, self._names.layer(name), name or None))
        for allocation in self._buffers.allocations:
            if not allocation.is_result or allocation.is_parameter:
                continue
            shape = self._shape(allocation)
            # The second copy of a parameter, where the program may not write into the first.
            kind = sizes.get((allocation.size, shape), "activation")
            found.append(
                _Live(allocation.size, kind if kind != "input" else "activation", shape, op="result")
            )
        return found

    def _shape(self, allocation: Any) -> str:
        """The shape of the value that fills ``allocation``."""
        for assigned in allocation.assigned:
            value = self._values[assigned.value]
            if assigned.size == allocation.size:
                return _text(_at(self._instructions[value.at.instruction].shape, value.at.index))
        return ""

    def _calls(self) -> dict[str, int]:
        """How often the program calls into NVIDIA's libraries; a call in a loop counts once.

        Products of matrices count too where the compiler has a kernel of its own: a GPU may choose the library's.
        """
        calls = Counter({"convolution": 0, "gemm": 0, "rnn": 0, "attention": 0})
        for instruction in self._instructions.values():
            if instruction.opcode == "dot":
                calls["gemm"] += 1
            elif instruction.opcode == "custom-call" and (library := names.library(instruction.target)):
                calls[library] += 1
        return dict(calls)


class _Users:
    """Who uses which memory: values may share that of another one, and it is free when the last is."""

    def __init__(self) -> None:
        self._owner: dict[int, int] = {}
        self._count: Counter[int] = Counter()

    def see(self, event: Any) -> tuple[int, int, int]:
        """Follow ``event``. Returns the users before, the value whose memory it is, and the users after."""
        if event.kind == hlo.ALLOCATED:
            self._owner[event.value] = event.value
        elif event.kind == hlo.SHARED:
            self._owner[event.value] = self._owner.get(event.shares, event.shares)
        owner = self._owner[event.value]
        before = self._count[owner]
        self._count[owner] += -1 if event.kind == hlo.FREED else 1
        return before, owner, self._count[owner]

    def owners(self) -> list[int]:
        """The values whose memory is in use."""
        return [owner for owner, count in self._count.items() if count > 0]


def _thinned(steps: Sequence[int]) -> list[tuple[float, int]]:
    """At most ``TIMELINE_POINTS`` of the steps with their position from 0 to 1; the highest of neighbours stays."""
    width = -(-len(steps) // TIMELINE_POINTS)
    last = max(len(steps) - 1, 1)
    points = []
    for start in range(0, len(steps), width):
        highest = max(range(start, min(start + width, len(steps))), key=steps.__getitem__)
        points.append((round(highest / last, 4), steps[highest]))
    return points


def _at(shape: Any, index: Sequence[int]) -> Any:
    for number in index:
        shape = shape.parts[number]
    return shape


def _text(shape: Any) -> str:
    """``f32[32,112,112,64]``."""
    if shape.parts:
        return f"({', '.join(_text(part) for part in shape.parts)})"
    kind = hlo.TYPES.get(shape.type, "?")
    return f"{kind}[{','.join(str(size) for size in shape.dimensions)}]"


def _row(entry: _Live) -> Json:
    return {
        "bytes": entry.bytes,
        "shape": entry.shape,
        "kind": entry.kind,
        "layer": entry.layer,
        "op": entry.op,
        "source": entry.source,
    }
