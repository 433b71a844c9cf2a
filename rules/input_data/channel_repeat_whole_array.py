"""KM115: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import NOT_SMALL, Array, Items, Value
from keras_memlint.analysis.arrays.enlarging import Enlarged
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._files import FLOW, Uses, nodes, uses

RULE = Rule(
    "KM115",
    "channel-repeat-whole-array",
    severity="warning",
    words=("repeat", "stack", "concatenate", "tile", "resize", "resize_with_pad"),
)
_REPEATS = ("numpy.repeat", "numpy.ndarray.repeat", "numpy.tile")
_JOINS = ("numpy.stack", "numpy.concatenate", "numpy.dstack")
_RANK = 4  # images, rows, columns, channels
_TIMES = 2  # images resized to less than twice their numbers are left alone
# A built-in data set that was made so large is worth more than an info.
_HUGE = 2 << 30


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    reported: set[int] = set()
    for call in script.calls(*_REPEATS, *_JOINS):
        result = call.result
        if call.streamed or call.mapped or not isinstance(result, Array):
            continue
        times = _times(call)
        severity = _severity(script, used, call, result) if times is not None else None
        if severity is None:
            continue
        reported |= set(nodes(result.origin))
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"all images are stored with {times} equal channels",
            bytes=_bytes(script, call, result),
            help="store one channel and repeat it in the model, batch by batch:"
            f" `keras.layers.Concatenate()([images] * {times})`",
            related=script.trail(result.origin.before if result.origin is not None else None),
            severity=severity,
        )
    yield from _resized(script, used, reported)


def _resized(script: Script, used: Uses, reported: set[int]) -> Iterator[Finding]:
    """Images that are resized, but for those that also get equal channels later."""
    found: dict[int, tuple[Enlarged, Severity]] = {}
    for one in script.enlarged if used.trained else ():
        severity = _severity(script, used, one.call, one.data) if one.times >= _TIMES else None
        if severity is None or id(one.call.node) in reported or _is_tensor(script, one.call):
            continue
        known = found.get(id(one.call.node))
        if known is None or (one.data.least or 0) > (known[0].data.least or 0):
            found[id(one.call.node)] = one, severity
    for one, severity in found.values():
        rows, columns = one.side or ("rows", "columns")
        layer = "in a generator" if script.slices_arrays else f"`keras.layers.Resizing({rows}, {columns})`"
        to = f" to {rows} x {columns}" if one.side is not None else ""
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message=f"all images are stored resized{to}: each has {one.times:.1f} times as many"
            " numbers as before",
            bytes=_bytes(script, one.call, one.data),
            help=f"keep the images as they are and resize each batch when it is needed: {layer}",
            related=(("resized here", script.call_place(one.resize)),) if one.resize is not one.call else (),
            severity=severity,
        )


def _severity(script: Script, used: Uses, call: Call, result: Array) -> Severity | None:
    """Of a built-in data set only what is no longer small is worth a word; None for what is not trained on, or small."""
    if not used.trains(result):
        return None
    size = _bytes(script, call, result)
    if result.source == "toy":
        return None if size < NOT_SMALL else "info" if size < _HUGE else "warning"
    return "warning" if script.large(size) else None


def _bytes(script: Script, call: Call, result: Array) -> int:
    """Bytes of all images, as they are given to the model in the end."""
    given = [feed.array for feed in script.feeds if feed.method not in ("predict", "evaluate")]
    given += [array for flow in script.calls(FLOW) for array in arrays(flow.arg("x") or flow.first())]
    sizes = [array.least or 0 for array in given if id(call.node) in nodes(array.origin)]
    return max([result.least or 0, *sizes])


def _is_tensor(script: Script, call: Call) -> bool:
    """Whether a model or a data set gets all images as one tensor, which KM103 and KM201 report."""
    return any(
        feed.array.kind == "tensor" and id(call.node) in nodes(feed.array.origin) for feed in script.feeds
    )


def _times(call: Call) -> int | None:
    """How many equal channels the call makes of one; None when it does something else."""
    result = call.result
    shape = result.shape if isinstance(result, Array) else None
    if shape is None or len(shape) != _RANK or not isinstance(shape[-1], int) or shape[-1] < 2:
        return None
    if call.name in _JOINS:
        given = call.first()
        items = given.items if isinstance(given, Items) else None
        if not items or not _is_same(items) or call.const("axis", 0) not in (-1, _RANK - 1):
            return None
        return shape[-1] if len(items) == shape[-1] else None
    before = call.operand()
    one = before.shape if isinstance(before, Array) else None
    return shape[-1] if one is not None and one[-1:] == (1,) and one[:-1] == shape[:-1] else None


def _is_same(items: tuple[Value, ...]) -> bool:
    """Whether all are one array."""
    first = items[0]
    return isinstance(first, Array) and all(item is first for item in items)
