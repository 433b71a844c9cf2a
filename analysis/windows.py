"""Sliding windows that a script cuts out of an array one by one and copies into one array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from keras_memlint.analysis import tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.scopes import Loop, trips_of
from keras_memlint.analysis.values import Array, Items, Origin


@dataclass(frozen=True, slots=True)
class Windows:
    """One array of overlapping windows: ``call`` made it, ``cut`` is one window's expression.

    ``width`` is how many rows a window has, and so how often each row is copied when the windows move by one. ``loop``
    cuts them. ``data`` is the provenance of what they are cut from. ``item`` are the bytes of one window, ``bytes``
    those of all, None when they are not known.
    """

    call: Call
    cut: tree.Subscript
    width: int
    loop: tree.Node
    data: Origin | None
    item: int | None
    bytes: int | None


def windows_of(calls: Iterable[Call], widths: Mapping[int, int]) -> list[Windows]:
    """All arrays of overlapping windows, in order, one for each call expression.

    ``widths`` are those of slices whose ends move together, by their nodes.
    """
    found: dict[int, Windows] = {}
    for call in calls:
        given = call.first() if call.name in JOINS else None
        if isinstance(given, Items) and given.grown and not (call.streamed or call.mapped):
            windows = _windows(call, given, widths)
            if windows is not None:
                found.setdefault(id(call.node), windows)
    return list(found.values())


def _windows(call: Call, given: Items, widths: Mapping[int, int]) -> Windows | None:
    window, growth = given.any(), given.grown[0]
    if not isinstance(window, Array) or window.origin is None or not growth.loops:
        return None
    loop = growth.loops[-1]
    cut = next((step for step in window.origin.steps() if isinstance(step.node, tree.Subscript)), None)
    if cut is None or not isinstance(cut.node, tree.Subscript) or not cut.node.items:
        return None
    width = widths.get(id(cut.node.items[0]), 0)
    if width < 2 or not _slides(cut.node, loop, width) or _is_made_inside(cut.before, loop):
        return None
    result = call.result if isinstance(call.result, Array) else None
    size = result.bytes if result is not None else None
    turns = trips_of(growth.loops)
    if size is None and window.bytes is not None and turns is not None and not growth.conditional:
        size = window.bytes * turns
    return Windows(call, cut.node, width, loop.node, cut.before, window.bytes, size)


def _slides(cut: tree.Subscript, loop: Loop, width: int) -> bool:
    """Whether each turn of ``loop`` moves both ends of the slice by less than its width."""
    ends = cut.items[0] if cut.items else None
    counter = _counter(loop)
    if counter is None or not isinstance(ends, tree.Slice) or ends.step is not None:
        return False
    stride = _stride(loop)
    if stride is None or abs(stride) >= width:
        return False
    return any(_mentions(end, counter) for end in (ends.lower, ends.upper) if end is not None)


def _mentions(end: tree.Expr, name: str) -> bool:
    if isinstance(end, tree.Binary):
        return _mentions(end.left, name) or _mentions(end.right, name)
    return isinstance(end, tree.Name) and end.id == name


def _is_made_inside(data: Origin | None, loop: Loop) -> bool:
    """Whether each turn of ``loop`` cuts from other data."""
    if data is None or data.node.piece is not loop.node.piece:
        return False
    return loop.node.a <= data.node.a <= loop.node.b


def _counter(loop: Loop) -> str | None:
    """The name that counts the turns of ``loop``; None when it counts nothing, or by several names."""
    node = loop.node
    if isinstance(node, tree.Comprehension) and len(node.generators) == 1:
        target: tree.Expr = node.generators[0].target
    elif isinstance(node, tree.For):
        target = node.target
    else:
        return None
    return target.id if isinstance(target, tree.Name) else None


def _stride(loop: Loop) -> int | None:
    """By how much each turn moves; None when that is not known or it does not count."""
    if not isinstance(loop.iter, Items) or loop.iter.kind != "range" or loop.iter.origin is None:
        return None
    counted = loop.iter.origin.node
    if not isinstance(counted, tree.Call):
        return None
    if len(counted.args) < 3:
        return 1
    step = counted.args[2].value
    return step.value if isinstance(step, tree.Constant) and isinstance(step.value, int) else None
