"""Sliding windows, along one axis or several, that a script cuts out of an array one by one and copies into one array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call, Fill
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import Loop, trips_of
from keras_memlint.analysis.abstract.values import Array, Items, Origin
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.facts.numpy_making import ALLOCATIONS
from keras_memlint.analysis.syntax import tree


@dataclass(frozen=True, slots=True)
class Windows:
    """One array of overlapping windows: ``call`` made it, ``cut`` is one window's expression.

    ``copied`` is where the windows become the array: the call, or ``array[…] = …``, led to from ``site``. ``widths`` are
    the rows of a window along each axis that it slides on, ``axis`` is the first of these. ``loop`` cuts them. ``data`` is
    the provenance of what they are cut from. ``item`` are the bytes of one window, ``bytes`` those of all, None when they
    are not known.
    """

    call: Call
    copied: tree.Expr
    site: tree.Expr
    cut: tree.Subscript
    widths: tuple[int, ...]
    axis: int
    loop: tree.Node
    data: Origin | None
    item: int | None
    bytes: int | None

    @property
    def times(self) -> int:
        """How often each value is copied when the windows move by one."""
        return prod(self.widths)


class _Cut(NamedTuple):
    """A window's expression, how wide it is, along which axis it slides first, and what it is cut from."""

    node: tree.Subscript
    widths: tuple[int, ...]
    axis: int
    data: Origin | None


def windows_of(calls: Iterable[Call], fills: Iterable[Fill], widths: Mapping[int, int]) -> list[Windows]:
    """All arrays of overlapping windows, in order, one for each call expression.

    ``widths`` are those of slices whose ends move together, by their nodes.
    """
    found: dict[int, Windows] = {}
    made: dict[int, Call] = {}
    for call in calls:
        if call.streamed or call.mapped:
            continue
        given = call.first() if call.name in JOINS else None
        if isinstance(given, Items) and given.grown:
            windows = _joined(call, given, widths)
            if windows is not None:
                found.setdefault(id(call.node), windows)
        elif call.name in ALLOCATIONS and call.result.origin is not None:
            made[id(call.result.origin)] = call
    for fill in fills:
        maker = made.get(id(fill.array.origin)) if not fill.streamed else None
        if maker is not None:
            windows = _filled(maker, fill, widths)
            if windows is not None:
                found.setdefault(id(maker.node), windows)
    return list(found.values())


def _joined(call: Call, given: Items, widths: Mapping[int, int]) -> Windows | None:
    """The windows of a list of which ``call`` makes an array."""
    window, growth = any_item(given), given.grown[0]
    if not isinstance(window, Array):
        return None
    cut = _cut(window, growth.loops, widths)
    if cut is None:
        return None
    size = call.result.bytes if isinstance(call.result, Array) else None
    turns = trips_of(growth.loops)
    if size is None and window.bytes is not None and turns is not None and not growth.conditional:
        size = window.bytes * turns
    loop = growth.loops[-1].node
    return Windows(call, call.node, call.site, *cut[:3], loop, cut.data, window.bytes, size)


def _filled(call: Call, fill: Fill, widths: Mapping[int, int]) -> Windows | None:
    """The windows that ``fill`` writes one by one into the array that ``call`` made before the loop."""
    where = fill.node.items[0] if fill.node.items else None
    if not isinstance(fill.value, Array) or isinstance(where, tree.Slice):
        return None
    cut = _cut(fill.value, [loop for loop in fill.loops if loop not in call.loops], widths)
    if cut is None:
        return None
    size = call.result.bytes if isinstance(call.result, Array) else None
    loop = fill.loops[-1].node
    return Windows(call, fill.node, fill.site, *cut[:3], loop, cut.data, fill.value.bytes, size)


def _cut(window: Array, loops: Sequence[Loop], widths: Mapping[int, int]) -> _Cut | None:
    """Where ``window`` is cut from other data, and ``loops`` move it by less than its width along each axis."""
    cut = None
    for step in window.origin.steps() if window.origin is not None else ():
        if isinstance(step.node, tree.Binary) and step.node.op == "@":
            return None  # a weighted mean of it
        if isinstance(step.node, tree.Subscript):
            cut = step
            break
    if cut is None or not isinstance(cut.node, tree.Subscript) or not loops:
        return None
    slid: list[int] = []
    axis = 0
    for item in cut.node.items:
        if not slid and _is_all(item):
            axis += 1
            continue
        width = widths.get(id(item), 0)
        if width < 2 or not any(_slides(item, loop, width) for loop in loops):
            break
        slid.append(width)
    if not slid or _is_made_inside(cut.before, loops[-1]):
        return None
    return _Cut(cut.node, tuple(slid), axis, cut.before)


def _is_all(item: tree.Expr) -> bool:
    """Whether an index is ``:``."""
    return isinstance(item, tree.Slice) and item.lower is item.upper is item.step is None


def _slides(ends: tree.Expr, loop: Loop, width: int) -> bool:
    """Whether each turn of ``loop`` moves both ends of a slice by less than its width."""
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
