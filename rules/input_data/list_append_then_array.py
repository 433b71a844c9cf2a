"""KM101: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.source import Place
from keras_memlint.analysis.values import Array, Items, Origin
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import in_bulk, reads_files

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
    fed = {id(step.node) for feed in script.feeds for step in _steps(feed.array.origin)}
    yield from _lists(script, fed)
    yield from _fills(script, fed)


def _lists(script: Script, fed: set[int]) -> Iterator[Finding]:
    reported: set[int] = set()
    for call, items in _joined(script):
        element = items.any()
        if call.streamed or call.mapped or not isinstance(element, Array) or not reads_files(script, element):
            continue
        array = call.result if isinstance(call.result, Array) else None
        size = array.bytes if array is not None else None
        used = id(call.node) in fed or call.name.startswith("tf.data.")
        cause = id(items.origin.node if items.origin is not None else call.node)
        if cause in reported or not in_bulk(
            script, element, script.growth(items), call.loops, size, used=used
        ):
            continue
        reported.add(cause)
        wide = ", as float64" if array is not None and array.dtype == "float64" else ""
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{script.text(call.node.func)}` copies a list of what every file holds: list and array have the"
            f" whole data set in memory twice{wide}",
            bytes=size * 2 if size is not None else None,
            help=_HELP,
            related=_read_at(script, element),
        )


def _fills(script: Script, fed: set[int]) -> Iterator[Finding]:
    reported: set[int] = set()
    for fill in script.fills:
        array, value = fill.array, fill.value
        maker = script.maker(array)
        if maker is None or fill.streamed or maker.streamed or id(maker.node) in reported:
            continue
        if not isinstance(value, Array) or array.source != "list" or not reads_files(script, value):
            continue
        used = any(id(step.node) in fed for step in _steps(array.origin))
        if not in_bulk(script, value, [fill.loops], maker.loops, array.bytes, used=used):
            continue
        reported.add(id(maker.node))
        yield Finding(
            at=script.call_place(maker),
            site=script.place(maker.site),
            message="one array is filled with what every file holds: the whole data set is in memory",
            bytes=array.bytes,
            help=_HELP,
            related=(*_read_at(script, value), ("filled here", script.place(fill.node))),
        )


def _joined(script: Script) -> Iterator[tuple[Call, Items]]:
    """Lists that become one array, with the calls that make it."""
    for call in script.calls(*_JOINS):
        given = call.first()
        parts = given.items if isinstance(given, Items) and not given.grown and given.items else (given,)
        for part in parts:
            if isinstance(part, Items):
                yield call, part


def _steps(origin: Origin | None) -> Iterator[Origin]:
    return origin.steps() if origin is not None else iter(())


def _read_at(script: Script, element: Array) -> tuple[tuple[str, Place], ...]:
    return script.trail(element.origin)[:1]
