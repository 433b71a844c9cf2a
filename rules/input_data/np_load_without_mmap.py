"""KM104: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from keras_memlint.analysis.abstract import steps
from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Object
from keras_memlint.analysis.arrays.feeds import Feed
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.pydataset import feed_in_batches, map_only
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import (
    LOADERS,
    file_bytes,
    is_mapped,
    is_selection,
    pickles,
    places,
    reporter,
    trains_on_large_samples,
)

RULE = Rule(
    "KM104",
    "np-load-without-mmap",
    severity="warning",
    words=("load", "genfromtxt", "fit", "evaluate", "predict"),
    fix="unsafe",
)
# Bytes of a number of the widest dtype in use.
_WIDEST = 8
_MAP = (
    'load it with `mmap_mode="r"` and feed it in batches: `fit` would still copy a memory-mapped array whole'
)
_ONLY_MAP = '`mmap_mode="r"` leaves the data on disk and reads the parts that are used'
_ARCHIVE = "archives cannot be memory-mapped: save each array as a `.npy` file of its own and map that"
_TEXT = 'convert the text once to a `.npy` file, load that with `mmap_mode="r"` and feed it in batches'


class _Load(NamedTuple):
    """One call that loads a file, its size in bytes if known, and where its arrays are fed."""

    call: Call
    size: int | None
    feeds: list[Feed]


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    for load in _loads(script):
        severity = _severity(script, load)
        if severity is None:
            continue
        fix = _fix(script, load)
        if not load.feeds and fix is None:
            continue
        yield Finding(
            at=script.call_place(load.call),
            site=script.place(load.call.site),
            message=_message(script, load),
            bytes=_cost(script, load),
            help=_help(script, load),
            related=tuple(places(script, load.feeds)),
            fixes=(fix,) if fix is not None else (),
            severity=severity,
        )


def _loads(script: Script) -> Iterator[_Load]:
    """One for each loading expression: the largest file it loads, or the one that is fed."""
    fed: dict[int, list[Feed]] = {}
    for feed in script.feeds:
        maker = script.maker(feed.array)
        if maker is not None and reporter(script, feed) == "KM104":
            fed.setdefault(id(maker), []).append(feed)
    best: dict[int, _Load] = {}
    for call in script.calls(*LOADERS):
        if is_mapped(call) or pickles(call) or call.mapped:
            continue
        size = _size(script, call)
        feeds = fed.get(id(call), [])
        if not script.large(size):
            feeds = [feed for feed in feeds if feed.role == "x"]
        known = best.get(id(call.node))
        if known is None or (bool(feeds), size or 0) > (bool(known.feeds), known.size or 0):
            best[id(call.node)] = _Load(call, size, feeds)
    yield from best.values()


def _size(script: Script, call: Call) -> int | None:
    result = call.result
    return (
        result.bytes if isinstance(result, Array) and result.bytes is not None else file_bytes(script, call)
    )


def _severity(script: Script, load: _Load) -> Severity | None:
    """A warning where the file is known to be large; without its size, what the model says about the samples."""
    if load.size is not None:
        return "warning" if script.large(load.size) else None
    fed = max((feed.array.least or 0 for feed in load.feeds if not is_selection(feed.array)), default=0)
    if script.large(fed):
        return "warning"
    if fed and not script.large(fed * _WIDEST):
        return None
    if load.call.loops or _is_text(load) or not any(feed.method == "fit" for feed in load.feeds):
        return None
    return "info" if trains_on_large_samples(load.feeds) else "hint"


def _message(script: Script, load: _Load) -> str:
    name = load.call.name.rpartition(".")[2]
    what = "parses a whole text file" if _is_text(load) else "reads a whole file"
    twice = "" if script.copying == "shares" else " twice"
    copies = f", and `{load.feeds[0].method}` copies it{twice}" if load.feeds and _copies(script) else ""
    return f"`np.{name}` {what} into memory{copies}"


def _cost(script: Script, load: _Load) -> int | None:
    """The array and its copies, in bytes; None when the array's own size is not known."""
    result = load.call.result
    if not isinstance(result, Array) or result.bytes is None:
        return None
    if not load.feeds or not _copies(script):
        return result.bytes
    fed = load.feeds[0]
    copies = script.copied_bytes(fed) or script.copied_bytes(replace(fed, array=result))
    return result.bytes + (copies or 0)


def _copies(script: Script) -> bool:
    """Whether ``fit`` copies arrays: old Keras, and Keras on JAX and PyTorch, slices them as they are."""
    return script.backend == "tensorflow" and not script.slices_arrays


def _is_text(load: _Load) -> bool:
    return load.call.name != "numpy.load"


def _help(script: Script, load: _Load) -> str:
    if _is_text(load):
        return _TEXT
    if isinstance(load.call.result, Object) or _is_archive(load):
        return _ARCHIVE
    return _MAP if load.feeds and _copies(script) else _ONLY_MAP


def _is_archive(load: _Load) -> bool:
    """Whether a member is taken out of what was loaded."""
    origins = [feed.array.origin for feed in load.feeds if feed.array.origin is not None]
    return any(step.did(steps.FROM_ARCHIVE) for origin in origins for step in origin.steps())


def _fix(script: Script, load: _Load) -> Fix | None:
    if not isinstance(load.call.result, Array) or _is_text(load) or _is_archive(load):
        return None
    if not load.feeds:
        return map_only(script, load.call)
    return feed_in_batches(script, load.feeds, load.call) if _copies(script) else None
