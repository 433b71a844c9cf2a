"""KM101: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.scopes import Growth
from keras_memlint.analysis.abstract.values import Array, Items
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.source import Place
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import Bulk, Uses, bulk, nodes, reads_files, uses

RULE = Rule(
    "KM101",
    "list-append-then-array",
    severity="warning",
    words=("keras", "tensorflow"),  # what reads the files may stand in another module
)
_ALSO = 3  # so many other arrays are shown beside the one that is reported
# What makes an array of a list that it is given, beside what is there for it.
_TAKES_LISTS = (
    "numpy.float32",
    "numpy.reshape",
    "tf.data.Dataset.from_tensor_slices",
    "tf.data.Dataset.from_tensors",
)
_HELP = (
    "make a `tf.data` pipeline of the paths that reads and decodes each batch when it is needed, or use"
    " `keras.utils.image_dataset_from_directory`"
)
_OLD_HELP = (
    "train with a generator that reads the files of each batch when it is needed, or use"
    " `ImageDataGenerator.flow_from_directory`"
)


class _Collected(NamedTuple):
    """An array made of files: where the script makes it, and what its elements came through."""

    array: int
    came: frozenset[int]
    amount: Bulk
    finding: Finding


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    found = [*_lists(script, used), *_fills(script, used)]
    arrays = {one.array for one in found}
    # What takes its rows from an array of this kind reads no files.
    found = [one for one in found if one.came.isdisjoint(arrays - {one.array})]
    found.sort(
        key=lambda one: (one.amount.severity != "warning", one.amount.bytes is None, -(one.amount.one or 0))
    )
    reported: dict[object, _Collected] = {}
    beside: dict[int, list[Finding]] = {}
    for one in found:
        # Images and masks of one loop, training and test data of one function are one cause.
        causes = {*one.amount.loops, _body(script, one.finding)}
        first = next((reported[cause] for cause in causes if cause in reported), None)
        if first is None or one.amount.bytes is not None:
            beside[id(one.finding)] = []
            reported |= dict.fromkeys(causes, one)
        else:
            beside[id(first.finding)].append(one.finding)
    for one in found:
        if id(one.finding) in beside:
            at = dict.fromkeys(other.site or other.at for other in beside[id(one.finding)])
            also = [("the same happens here", place) for place in at if place != one.finding.site]
            yield replace(one.finding, related=(*one.finding.related, *also[:_ALSO]))


def _body(script: Script, finding: Finding) -> object:
    """What tells the function, the cell or the module apart that leads to ``finding``."""
    site = finding.site or finding.at
    function = script.function_at(site.start) if site.source is script.source else None
    cell = site.source.cell_at(site.start)
    return (
        id(function) if function is not None else (site.source.path, cell.index if cell is not None else None)
    )


def _lists(script: Script, used: Uses) -> Iterator[_Collected]:
    reported: set[int] = set()
    for call, items in _joined(script):
        element = any_item(items)
        if call.streamed or call.mapped or not isinstance(element, Array) or not reads_files(script, element):
            continue
        array = call.result if isinstance(call.result, Array) else None
        cause = id(items.origin.node if items.origin is not None else call.node)
        found = bulk(script, element, array, items.grown, call.loops, used)
        if found is None or cause in reported:
            continue
        reported.add(cause)
        wide = ", as float64" if array is not None and array.dtype == "float64" else ""
        yield _Collected(
            id(call.node),
            frozenset(nodes(element.origin)),
            found,
            Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=f"`{script.text(call.node.func)}` copies a list of all files read: the data set is in memory"
                f" twice{wide}",
                bytes=_both(found.bytes, element, array),
                help=_OLD_HELP if script.slices_arrays else _HELP,
                related=(
                    *_read_at(script, element),
                    *_given_to(script, array),
                    *_grown_in_another_cell(script, items),
                ),
                severity=found.severity,
            ),
        )


def _fills(script: Script, used: Uses) -> Iterator[_Collected]:
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
        yield _Collected(
            id(maker.node),
            frozenset(nodes(value.origin)),
            found,
            Finding(
                at=script.call_place(maker),
                site=script.place(maker.site),
                message="an array that is filled file by file holds the whole data set in memory",
                bytes=found.bytes,
                help=_OLD_HELP if script.slices_arrays else _HELP,
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
    for call in script.calls(*JOINS, *_TAKES_LISTS):
        given = call.first()
        parts = given.items if isinstance(given, Items) and not given.grown and given.items else (given,)
        for part in parts:
            if isinstance(part, Items):
                yield call, part


def _grown_in_another_cell(script: Script, items: Items) -> tuple[tuple[str, Place], ...]:
    """Where a notebook appends to a list that another cell makes: when it is run again, all is there twice."""
    if not script.source.cells or items.origin is None:
        return ()
    made = script.place(items.origin.node)
    for call in script.calls("builtins.list.append", "builtins.list.extend"):
        at = script.place(call.node)
        if call.receiver is items and made.source is at.source is script.source:
            if script.source.cell_at(made.start) is script.source.cell_at(at.start):
                return ()
            return (("run again, this cell appends all of it once more: another cell makes the list", at),)
    return ()


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
