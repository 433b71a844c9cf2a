"""KM105: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.pydataset import feed_in_batches
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._whole import is_mapped, is_selection, places, reporter

RULE = Rule(
    "KM105",
    "memmap-fed-whole",
    severity="warning",
    words=("memmap", "mmap_mode", "h5py", "fit", "evaluate", "predict", "from_tensor"),
    fix="unsafe",
)
_HELP = "slice it batch by batch: in a `{}` given to `fit`, or in the function of `Dataset.from_generator`"
_READS = (
    "numpy.array",
    "numpy.copy",
    "numpy.ndarray.astype",
    "numpy.ndarray.copy",
    "sklearn.model_selection.train_test_split",
    "tf.constant",
    "tf.convert_to_tensor",
)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    found: dict[int, list[Feed]] = {}
    for feed in script.feeds:
        if reporter(script, feed) == "KM105" and _reads_whole(script, feed) and _is_large(script, feed):
            found.setdefault(id(script.maker(feed.array) or feed.array), []).append(feed)
    for feeds in found.values():
        first = feeds[0]
        what = "HDF5 data set" if first.array.kind == "hdf5" else "memory-mapped array"
        fix = feed_in_batches(script, feeds) if first.array.kind in ("memmap", "hdf5") else None
        yield Finding(
            at=script.call_place(first.call),
            site=script.place(first.call.site),
            message=f"`{first.method}` reads a whole {what} into memory and copies it",
            bytes=script.copied_bytes(first),
            help=_HELP.format(script.batch_class),
            related=(*script.trail(first.array.origin), *places(script, feeds)[1:]),
            fixes=(fix,) if fix is not None else (),
        )
    yield from _conversions(script, set(found))


def _is_large(script: Script, feed: Feed) -> bool:
    """Nobody maps small files, save the labels beside large ones; selections and labels must be known to be large."""
    array = feed.array
    if feed.role == "y" or is_selection(array):
        return script.large(array.least)
    return array.bytes is None or script.large(array.bytes)


def _reads_whole(script: Script, feed: Feed) -> bool:
    """Old Keras slices all arrays, Keras 2 HDF5 data sets; on JAX and PyTorch Keras 3 slices what is mapped."""
    if feed.fit is None:
        return True
    if script.slices_arrays:
        return False
    if feed.array.kind == "hdf5":
        return feed.call.flavour != "tf_keras" and script.keras_major != 2
    return script.backend == "tensorflow"


def _conversions(script: Script, fed: set[int]) -> Iterator[Finding]:
    """Copies of a whole mapped array that is known to be large and is fed nowhere."""
    for call in script.calls(*_READS):
        given = call.receiver if call.name.startswith("numpy.ndarray.") else call.first()
        if not isinstance(given, Array) or given.kind != "memmap" or given.part or call.loops or call.mapped:
            continue
        maker = script.maker(given)
        if not is_mapped(maker) or id(maker) in fed or not script.large(given.bytes):
            continue
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`{call.name.rpartition('.')[2]}` reads a whole memory-mapped array into memory",
            bytes=given.bytes,
            help=_HELP.format(script.batch_class),
            related=script.trail(given.origin),
        )
