"""KM101: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.scopes import Growth
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.source import Place
from keras_memlint.analysis.values import Array, Items
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import Bulk, Uses, bulk, nodes, reads_files, uses

RULE = Rule(
    "KM101",
    "list-append-then-array",
    severity="warning",
    words=("keras", "tensorflow"),  # what reads the files may stand in another module
)
_JOINS = (
    "numpy.array",
    "numpy.asarray",
    "numpy.stack",
    "numpy.concatenate",
    "numpy.vstack",
    "numpy.hstack",
    "numpy.dstack",
    "numpy.reshape",
    "numpy.float32",
    "tf.constant",
    "tf.convert_to_tensor",
    "tf.stack",
    "tf.concat",
    "tf.data.Dataset.from_tensor_slices",
    "tf.data.Dataset.from_tensors",
)
_HELP = (
    "make a `tf.data` pipeline of the paths that reads and decodes each batch when it is needed, or use"
    " `keras.utils.image_dataset_from_directory`"
)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    found = [*_lists(script, used), *_fills(script, used)]
    reported: set[int] = set()
    for amount, finding in sorted(
        found, key=lambda one: (one[0].severity != "warning", one[0].bytes is None)
    ):
        # Images and masks read by one loop are one cause.
        if finding.bytes is not None or reported.isdisjoint(amount.loops):
            reported |= amount.loops
            yield finding


def _lists(script: Script, used: Uses) -> Iterator[tuple[Bulk, Finding]]:
    reported: set[int] = set()
    for call, items in _joined(script):
        element = items.any()
        if call.streamed or call.mapped or not isinstance(element, Array) or not reads_files(script, element):
            continue
        array = call.result if isinstance(call.result, Array) else None
        cause = id(items.origin.node if items.origin is not None else call.node)
        found = bulk(script, element, array, items.grown, call.loops, used)
        if found is None or cause in reported:
            continue
        reported.add(cause)
        wide = ", as float64" if array is not None and array.dtype == "float64" else ""
        yield (
            found,
            Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=f"`{script.text(call.node.func)}` copies a list of all files read: the data set is in memory"
                f" twice{wide}",
                bytes=_both(found.bytes, element, array),
                help=_HELP,
                related=(*_read_at(script, element), *_given_to(script, array)),
                severity=found.severity,
            ),
        )


def _fills(script: Script, used: Uses) -> Iterator[tuple[Bulk, Finding]]:
    reported: set[int] = set()
    for fill in script.fills:
        array, value = fill.array, fill.value
        maker = script.maker(array)
        if maker is None or fill.streamed or maker.streamed or id(maker.node) in reported:
            continue
        if not isinstance(value, Array) or array.source != "list" or not reads_files(script, value):
            continue
        found = bulk(script, value, array, [Growth(fill.loops, True)], maker.loops, used)
        if found is None:
            continue
        reported.add(id(maker.node))
        yield (
            found,
            Finding(
                at=script.call_place(maker),
                site=script.place(maker.site),
                message="an array that is filled file by file holds the whole data set in memory",
                bytes=found.bytes,
                help=_HELP,
                related=(
                    *_read_at(script, value),
                    ("filled here", script.place(fill.node)),
                    *_given_to(script, array),
                ),
                severity=found.severity,
            ),
        )


def _joined(script: Script) -> Iterator[tuple[Call, Items]]:
    """Lists that become one array, with the calls that make it."""
    for call in script.calls(*_JOINS):
        given = call.first()
        parts = given.items if isinstance(given, Items) and not given.grown and given.items else (given,)
        for part in parts:
            if isinstance(part, Items):
                yield call, part


def _both(size: int | None, element: Array, array: Array | None) -> int | None:
    """Bytes of the array and of the list, whose elements may be narrower; None when the array's are not known."""
    one = array.item_bytes if array is not None else None
    if size is None or one is None or element.bytes is None:
        return size * 2 if size is not None else None
    return size + size // one * element.bytes


def _read_at(script: Script, element: Array) -> tuple[tuple[str, Place], ...]:
    return script.trail(element.origin)[:1]


def _given_to(script: Script, array: Array | None) -> tuple[tuple[str, Place], ...]:
    """Where the array is first given whole to a model or a dataset, which copies it again."""
    if array is None or array.origin is None:
        return ()
    node = id(array.origin.node)
    for feed in script.feeds:
        if node in nodes(feed.array.origin):
            return ((f"given whole to `{feed.method}` here", script.call_place(feed.call)),)
    return ()
