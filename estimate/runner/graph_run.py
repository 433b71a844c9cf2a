"""TensorFlow's executor without the arithmetic: operations run in the order in which they become ready.

On a GPU one thread launches them all, first ready first. On a CPU each thread does so with cheap operations, and puts the others in
front of its queue; idle threads take from the far end of another's queue. That decides how long values wait.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import Any, Tuple

from . import graph_ops as ops
from .graph_kernels import outputs
from .graph_memory import Memory, Value, hold
from .graph_read import Graph, Node

CHEAP = 2.7e-6
"""Seconds; what turns out faster than this in a loop is not handed to another thread any more."""


class Frame:
    """One run of a graph: the step itself, or one iteration of a loop."""

    __slots__ = ("given", "graph", "left", "loop", "loops", "trip", "waits")

    def __init__(self, graph: Graph, loop: Loop | None, trip: int) -> None:
        self.graph, self.loop, self.trip = graph, loop, trip
        self.given: dict[Node, list[Value]] = {}
        self.waits: dict[Node, int] = {}
        self.loops: dict[Node, Loop] = {}
        self.left = graph.work + len(graph.arguments) + len(graph.results)


class Loop:
    """A loop that runs: a bounded number of iterations at once, each started by the first value that reaches it."""

    __slots__ = ("early", "frames", "node", "oldest", "outputs", "parent", "trips")

    def __init__(self, node: Node, parent: Frame) -> None:
        self.node, self.parent = node, parent
        self.trips = 1 if node.trips is None else node.trips
        self.frames: dict[int, Frame] = {}
        self.oldest = 0
        self.early: list[tuple[int, int, Value]] = []
        self.outputs = 0


Task = Tuple[Frame, Node]


class Worker:
    __slots__ = ("asleep", "inline", "queue")

    def __init__(self) -> None:
        self.inline: deque[Task] = deque()
        self.queue: deque[Task] = deque()
        self.asleep = True


class Executor:
    """``threads`` is 0 for a GPU."""

    def __init__(
        self, memory: Memory, threads: int, batch: list[Value], scratch: dict[Node, dict[str, int]]
    ) -> None:
        self._memory, self._threads, self._batch, self._scratch = memory, threads, batch, scratch
        self._workers = [Worker() for _ in range(max(1, threads))]
        self._events: list[tuple[float, int, int, Any]] = []
        self._count = 0
        self._ready: list[Task] = []
        self._seconds: dict[Node, float] = {}
        self.operations = 0

    def run(self, graph: Graph, arguments: list[Value]) -> None:
        """One step. Results are given up when it ends, as when the caller does not look at them."""
        frame = Frame(graph, None, 0)
        self._results: list[Value] = []
        for at in graph.fixed:
            self._result(frame, at, None)
        first = self._workers
        turn = 0
        for slot, value in enumerate(arguments):
            self._argument(frame, slot, hold(value))
            self._share(self._ready, turn)
            turn += 1
        for node in graph.starts:
            self._share([(frame, node)], turn)
            turn += 1
        for at in range(len(first)):
            self._wake(at, 0.0)
        self._loop()
        for value in self._results:
            self._memory.release(value)

    def _share(self, tasks: list[Task], turn: int) -> None:
        self._workers[turn % len(self._workers)].queue.extend(tasks)
        if tasks is self._ready:
            self._ready = []

    def _wake(self, at: int, now: float) -> None:
        if self._workers[at].asleep:
            self._workers[at].asleep = False
            self._at(now, at, None)

    def _at(self, now: float, worker: int, done: Any) -> None:
        self._count += 1
        heapq.heappush(self._events, (now, self._count, worker, done))

    def _loop(self) -> None:
        events, workers = self._events, self._workers
        while events:
            now, _, at, done = heapq.heappop(events)
            worker = workers[at]
            if done is not None:
                self._end(*done)
                self._schedule(worker, now)
            task = self._next(worker)
            if task is None:
                worker.asleep = True
                continue
            frame, node = task
            given = frame.given.pop(node, None)
            if given is None:
                given = [None] * len(node.inputs)
            self._memory.weight = frame.loop.node.weight if frame.loop is not None else 1.0
            values = outputs(self._memory, node, given, frame.trip, self._batch)
            self._memory.mark(self._scratch.get(node))
            self.operations += 1
            seconds = self._cost(node) if self._threads > 1 else 0.0
            self._at(now + seconds, at, (frame, node, given, values))

    def _next(self, worker: Worker) -> Task | None:
        if worker.inline:
            return worker.inline.popleft()
        if worker.queue:
            return worker.queue.popleft()
        for other in self._workers:
            if other.queue:
                return other.queue.pop()
        return None

    def _schedule(self, worker: Worker, now: float) -> None:
        """What has become ready: cheap operations stay with this thread, the others go to the queue."""
        ready, self._ready = self._ready, []
        if not self._threads:
            worker.inline.extend(ready)
            return
        costly: Task | None = None
        queued = False
        for task in ready:
            if self._is_cheap(*task):
                worker.inline.append(task)
                continue
            if costly is not None:
                worker.queue.appendleft(costly)
                queued = True
            costly = task
        if costly is not None:
            if worker.inline:
                worker.queue.appendleft(costly)
                queued = True
            else:
                worker.inline.append(costly)
        if queued:
            for at, other in enumerate(self._workers):
                if other.asleep:
                    self._wake(at, now + 5e-6)

    def _is_cheap(self, frame: Frame, node: Node) -> bool:
        if node.kind in ops.INEXPENSIVE:
            return True
        return frame.loop is not None and self._cost(node) < CHEAP

    def _cost(self, node: Node) -> float:
        seconds = self._seconds.get(node)
        if seconds is None:
            seconds = self._seconds[node] = cost(node)
        return seconds

    def _end(self, frame: Frame, node: Node, given: list[Value], values: list[Value]) -> None:
        memory = self._memory
        for value in given:
            memory.release(value)
        for consumers, value in zip(node.consumers, values):
            for target, slot in consumers:
                self._deliver(frame, target, slot, hold(value))
            memory.release(value)
        self._finished(frame, node)

    def _finished(self, frame: Frame, node: Node) -> None:
        for follower in node.followers:
            self._arrived(frame, follower)
        self._less(frame)

    def _deliver(self, frame: Frame, node: Node | None, slot: int, value: Value) -> None:
        """The value comes with one holder, which is the consumer's now."""
        if node is None:
            self._result(frame, slot, value)
        elif node.kind in ops.LOOPS and node.body is not None:
            loop = frame.loops.get(node)
            if loop is None:
                loop = frame.loops[node] = Loop(node, frame)
                self._constants(loop)
            self._loop_value(loop, 0, slot, value)
        else:
            given = frame.given.get(node)
            if given is None:
                given = frame.given[node] = [None] * len(node.inputs)
            given[slot] = value
            self._arrived(frame, node)

    def _arrived(self, frame: Frame, node: Node) -> None:
        if node.kind in ops.LOOPS:
            return  # a loop starts with its values
        waits = frame.waits.get(node, node.waits) - 1
        frame.waits[node] = waits
        if not waits:
            self._ready.append((frame, node))

    def _constants(self, loop: Loop) -> None:
        """Inputs of a loop that are constants are there from the start."""
        for slot, (source, _) in enumerate(loop.node.inputs):
            if source.kind in ops.CONSTANTS:
                self._loop_value(loop, 0, slot, None)

    def _loop_value(self, loop: Loop, trip: int, slot: int, value: Value) -> None:
        if trip >= loop.trips:
            for target, at in loop.node.consumers[slot]:
                self._deliver(loop.parent, target, at, hold(value))
            self._memory.release(value)
            loop.outputs += 1
            if loop.outputs == len(loop.node.shapes):
                self._finished(loop.parent, loop.node)
            return
        if trip >= loop.oldest + loop.node.parallel:
            loop.early.append((trip, slot, value))
            return
        frame = loop.frames.get(trip)
        if frame is None:
            frame = loop.frames[trip] = Frame(loop.node.body, loop, trip)  # type: ignore[arg-type]
            self._ready.extend((frame, node) for node in frame.graph.starts)
            for at in frame.graph.fixed:
                self._result(frame, at, None)
        self._argument(frame, slot, value)

    def _argument(self, frame: Frame, slot: int, value: Value) -> None:
        for target, at in frame.graph.arguments[slot].consumers[0]:
            self._deliver(frame, target, at, hold(value))
        self._memory.release(value)
        self._less(frame)

    def _result(self, frame: Frame, slot: int, value: Value) -> None:
        if frame.loop is None:
            self._results.append(value)
        else:
            self._loop_value(frame.loop, frame.trip + 1, slot, value)
        self._less(frame)

    def _less(self, frame: Frame) -> None:
        """One thing less to do in this frame; when the oldest iteration is done the next ones may start."""
        frame.left -= 1
        loop = frame.loop
        if frame.left or loop is None:
            return
        while loop.oldest in loop.frames and not loop.frames[loop.oldest].left:
            del loop.frames[loop.oldest]
            loop.oldest += 1
        early, loop.early = loop.early, []
        for trip, slot, value in early:
            self._loop_value(loop, trip, slot, value)


def cost(node: Node) -> float:
    """Seconds on an ordinary processor, roughly: only which of two operations ends first matters."""
    moved = sum(node.bytes(output) or 0 for output in range(len(node.shapes)))
    moved += sum(source.bytes(output) or 0 for source, output in node.inputs)
    if node.kind in ops.INEXPENSIVE or node.kind in ops.ALIASES:
        moved = 0
    return 5e-6 + moved / 1.2e10 + multiplications(node) / 1e11


def multiplications(node: Node) -> float:
    """Of products and convolutions; 0 for others and where a shape is not known."""
    if node.kind not in ops.PRODUCTS and node.kind not in ops.CONVOLUTIONS:
        return 0.0
    sizes = [source.bytes(output) or 0 for source, output in node.inputs]
    if node.kind in ops.PRODUCTS and len(sizes) > 1:
        # (a·b)(b·c)(a·c) = (a·b·c)²: the same for any of the three being the output.
        return math.sqrt(sizes[0] / 4 * sizes[1] / 4 * (node.bytes(0) or 0) / 4)
    return _convolved(node) if node.kind in ops.CONVOLUTIONS else 0.0


def _convolved(node: Node) -> float:
    """Numbers on the deep side times numbers in one filter."""
    large = max((node.bytes(0) or 0), *(source.bytes(output) or 0 for source, output in node.inputs)) / 4.0
    kernels = [source.shapes[output] for source, output in node.inputs] + [node.shapes[0]]
    flat = [shape for shape in kernels[-2:] if shape and len(shape) in (4, 5) and None not in shape]
    if not flat:
        return 0.0
    smallest = 1.0
    for length in flat[0][:-1]:
        smallest *= length or 1
    return large * min(smallest, 5000.0)
