"""Which of the three rules about ``shuffle`` a call breaks, if any: one call, one finding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import NOT_SMALL, Dataset, const
from keras_memlint.analysis.interpret.elements import is_cheap, is_serialized, most_image_bytes, parts
from keras_memlint.analysis.pipelines.buffers import (
    SLICES,
    Buffer,
    Expansion,
    expansion,
    image_read,
    is_cached,
    passable,
    shows_images,
    shuffle_buffer,
    sliced,
    zipped_expansion,
)
from keras_memlint.analysis.script import Script
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.tf_data._reads import if_read

# Elements a buffer must hold before unknown sizes are worth a word: of images, of anything that is read or decoded.
_MANY, _SOME = 1000, 256
# A buffer this long is called full when nobody knows how long the data set is.
FULL = 10_000
# What a shuffle mixes well enough when its source is not sorted.
SHORT = 1024
# So few batches are a window on purpose.
_WINDOW = 4
_ORDER = ("KM204", "KM202", "KM203")


@dataclass(frozen=True, slots=True)
class Shuffle:
    """A ``shuffle`` that costs memory: the rule it breaks, how sure that is, its buffer and where elements grew.

    ``zipped``: they grew before they were put together with others.
    """

    code: str
    severity: Severity
    buffer: Buffer
    grows: Expansion | None
    zipped: bool = False


def shuffles(script: Script, code: str) -> Iterator[Shuffle]:
    """The ``shuffle`` calls that break rule ``code`` and none that comes before it: KM204, KM202, KM203."""
    if script.is_test:
        return
    found: dict[int, Shuffle] = {}
    windows = {id(op) for op in cut_into_windows(script)}
    for call, dataset in script.dataset_ops("shuffle"):
        if dataset.input is None or id(dataset) in windows:
            continue
        buffer = shuffle_buffer(call, dataset.input)
        shuffle = judge(script, buffer) if buffer is not None else None
        if shuffle is not None and dataset.toy:
            # The batches of a built-in data set take little, but their samples do not mix either.
            told = shuffle.code == "KM204" or (shuffle.buffer.least or 0) >= NOT_SMALL
            shuffle = replace(shuffle, severity="info") if told else None
        if shuffle is not None:
            known = found.get(id(call.node))
            if known is None or _ORDER.index(shuffle.code) < _ORDER.index(known.code):
                found[id(call.node)] = shuffle
    for shuffle in found.values():
        if shuffle.code == code:
            yield replace(shuffle, severity=if_read(script, shuffle.buffer.call, shuffle.severity))


def cut_into_windows(script: Script) -> Iterator[Dataset]:
    """What is batched once more later on: its first batches are the samples, such as windows of a text."""
    for _, batch in script.dataset_ops("batch", "padded_batch"):
        if batch.input is not None and batch.input.batched:
            yield from batch.input.chain()


def judge(script: Script, buffer: Buffer) -> Shuffle | None:
    """The rule ``buffer`` breaks; None when it is small, holds references, or is not known well enough."""
    data = buffer.data
    if is_cheap(data.element) or is_cached(data):
        return None
    if buffer.bytes is not None and not script.large(buffer.bytes):
        return None
    if data.batched and data.batch_size != 1:
        severity = _after_batch(script, buffer) if batcher(data) is not None else None
        return Shuffle("KM204", severity, buffer, None) if severity is not None else None
    grows = expansion(data)
    if grows is not None and grows.stage == SLICES and _is_large(script, buffer.call, grows.op.input):
        grows = None  # no better there
    generated = script.large(buffer.least) and image_read(data) is not None
    zipped = zipped_expansion(data) if grows is None else None
    if zipped is not None and shows_images(data):
        # An info: all of the five that were read in public code stand in what never reads them.
        large = _after_decode(script, buffer) is not None
        return Shuffle("KM202", "info", buffer, zipped, zipped=True) if large else None
    if grows is not None or data.op == "folder" or generated:
        severity = _after_decode(script, buffer)
        return Shuffle("KM202", severity, buffer, grows) if severity is not None else None
    full = buffer.whole or (buffer.size is not None and buffer.size >= FULL and data.cardinality is None)
    if full and (script.large(buffer.least) or (shows_images(data) and not sliced(data))):
        return Shuffle("KM203", "warning", buffer, None)
    return None


def _is_large(script: Script, call: Call, data: Dataset | None) -> bool:
    """Whether the buffer of ``call`` would be large in front of what is done to ``data``."""
    buffer = shuffle_buffer(call, data) if data is not None else None
    return buffer is not None and script.large(buffer.least)


def batcher(data: Dataset) -> Dataset | None:
    """What batched the elements of ``data``: an operation or a loader; None when that is not known."""
    for op in data.chain():
        if op.op in ("batch", "padded_batch", "ragged_batch", "folder", "timeseries"):
            return op
        if op.op in ("flat_map", "interleave", "zip"):
            return None
    return None


def _after_batch(script: Script, buffer: Buffer) -> Severity | None:
    if buffer.size is not None and buffer.size <= _WINDOW:
        return None
    if script.large(buffer.least):
        return "warning"
    batch = buffer.data.batch_size or 1
    if buffer.elements is not None and buffer.elements * batch < _MANY:
        return None
    return "warning" if shows_images(buffer.data) else "info"


def _after_decode(script: Script, buffer: Buffer) -> Severity | None:
    if script.large(buffer.least):
        return "warning"
    many = buffer.elements is None or buffer.elements >= _MANY
    if shows_images(buffer.data):
        most = most_image_bytes(buffer.data.element)
        if most is not None and not script.large(most * (buffer.elements or _MANY)):
            return "info" if buffer.elements is None else None
        return "warning" if many else "info" if (buffer.elements or 0) >= _SOME else None
    if any(is_serialized(part) for part in parts(buffer.data.element)):
        return None
    return "info" if many and any("reads" in op.traits for op in passable(buffer.data)) else None


def held(shuffle: Shuffle) -> str:
    """How many elements the buffer holds, in words."""
    buffer = shuffle.buffer
    if buffer.elements is None:
        return "all"
    if buffer.whole:
        return f"all {buffer.elements:,}"
    known = buffer.data.cardinality is not None or buffer.data.infinite
    return f"{buffer.elements:,}" if known else f"up to {buffer.elements:,}"


def cost(script: Script, buffer: Buffer) -> int | None:
    """The bytes to report: all that the buffer holds, or the known part when that is large by itself."""
    return buffer.bytes if buffer.bytes is not None else buffer.least if script.large(buffer.least) else None


def loader_shuffles(data: Dataset) -> bool:
    """Whether ``data`` comes from a loader of Keras that shuffles its file names, as they do unless told not to."""
    source = list(data.chain())[-1]
    if source.op != "folder" or source.call is None or source.call.star:
        return False
    given = source.call.arg("shuffle")
    return given is None or const(given) is True
