"""KM205: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Dataset
from keras_memlint.analysis.interpret.elements import is_cheap, widest
from keras_memlint.analysis.pipelines.buffers import (
    cached_bytes,
    compact_stage,
    in_memory,
    is_cached,
    is_compact,
    is_pure,
    makes_floats,
    on_disk,
    shows_images,
    shuffle_buffer,
    shuffled_by,
    sliced,
)
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.chains import assigned_name, move_before, together
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.tf_data._reads import if_read
from keras_memlint.rules.tf_data._shuffles import judge

RULE = Rule("KM205", "cache-decoded-in-memory", severity="warning", words=("cache", "fit"), fix="both")

# So few elements are no matter whatever their size.
_FEW = 256


def check(script: Script) -> Iterator[Finding]:
    for call, cache in script.dataset_ops("cache"):
        data = cache.input
        if data is None or not in_memory(cache):
            continue
        severity = _severity(script, data)
        if severity is None or (severity != "warning" and script.is_switched_off(call)):
            continue
        size, least = cached_bytes(data)
        dtype, stage = widest(data.element), compact_stage(data)
        many = f"all {data.cardinality:,}" if data.cardinality is not None else "all"
        what = "batches" if data.batched else "decoded elements"
        message = f"`cache` keeps {many} {what} in memory"
        if dtype is not None:
            message += f" as {dtype}"
        if stage is not None:
            message += ", not as the bytes they were decoded to"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=message,
            bytes=size if size is not None else least if script.large(least) else None,
            cost=f"at least {format_bytes(least)}" if size is None and least and script.large(least) else "",
            help="cache what takes long to make and little memory to keep: decoded bytes before they become floats,"
            " or a file",
            related=script.trail(data.origin),
            fixes=tuple(_fixes(script, call, cache, stage)),
            severity=if_read(script, call, severity),
        )


def _severity(script: Script, data: Dataset) -> Severity | None:
    """How sure it is that the cache is large; None when it is small, compact, or of references."""
    if script.is_test or data.toy or data.infinite or is_cheap(data.element) or is_cached(data):
        return None
    size, least = cached_bytes(data)
    if is_compact(data):
        memory = script.settings.target.host_memory
        return "warning" if size is not None and memory is not None and size >= memory else None
    if size is not None or script.large(least):
        return "warning" if script.large(least) else None
    few = data.cardinality is not None and data.cardinality < _FEW
    if few or sliced(data) or not shows_images(data) or not makes_floats(data):
        return None
    return "hint" if list(data.chain())[-1].op == "folder" else "info"


def _fixes(script: Script, call: Call, cache: Dataset, stage: Dataset | None) -> Iterator[Fix]:
    if stage is not None and stage.call is not None:
        edits = _moved(script, call, cache, stage.call)
        if edits is not None:
            safe = is_pure(cache, stage)
            title = "cache the decoded bytes, before `map` makes floats of them"
            yield Fix(title, safe, edits, "functions between run in each epoch")
    name = assigned_name(script, call.node)
    if name is None or call.function is not None or call.loops or _name_is_taken(script, call, name):
        return
    near = {id(shuffle): shuffle for shuffle, _ in shuffled_by(script.dataset_ops("shuffle"), cache)}
    if any(_costs(script, shuffle, cache) for shuffle in near.values()):
        return
    if any(id(shuffle) not in near for shuffle in _below(script, cache)):
        return  # KM202 moves it up to the cache, because its buffer then holds references
    file = _file(script, name)
    edit = set_argument(script, call.node, "filename", f'"{file}"', position=0)
    if edit is not None:
        price = "delete it when the data change or the first run is stopped"
        yield Fix(f"cache in the file `{file}`", False, (edit,), price)


def _below(script: Script, cache: Dataset) -> Iterator[Call]:
    """The shuffles further down the chain."""
    for call, data in script.dataset_ops("shuffle"):
        if any(step is cache for step in data.chain()):
            yield call


def _file(script: Script, name: str) -> str:
    """What the cache of the dataset ``name`` is called; another script in the same folder has another one."""
    stem = script.source.path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return f"{re.sub(r'[^0-9A-Za-z_-]+', '_', stem).strip('_-') or 'script'}.{name}.cache"


def _moved(script: Script, call: Call, cache: Dataset, stage: Call) -> tuple[Edit, ...] | None:
    """The cache before ``stage``, and with it the shuffle that holds references to what it keeps."""
    edits = move_before(script, call.node, stage.node)
    shuffles = shuffled_by(script.dataset_ops("shuffle"), cache)
    if not shuffles:
        return edits
    shuffle, near = shuffles[0]
    if len(shuffles) > 1 or not near:
        return None
    return together(edits, move_before(script, shuffle.node, stage.node))


def _costs(script: Script, shuffle: Call, cache: Dataset) -> bool:
    """Whether ``shuffle`` would hold much of its own if ``cache`` were a file."""
    data = shuffle.receiver
    buffer = shuffle_buffer(shuffle, on_disk(data, cache)) if isinstance(data, Dataset) else None
    return buffer is not None and judge(script, buffer) is not None


def _name_is_taken(script: Script, call: Call, name: str) -> bool:
    """Whether another cache of the script has, or would get, the same file."""
    return any(
        other.const("filename") == _file(script, name) or assigned_name(script, other.node) == name
        for other, _ in script.dataset_ops("cache")
        if other.node is not call.node
    )
