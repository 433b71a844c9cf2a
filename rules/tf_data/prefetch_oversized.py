"""KM208: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.interpret.elements import is_cheap
from keras_memlint.analysis.pipelines.buffers import Buffer, is_cached, shows_images, shuffle_buffer
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import autotune
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.tf_data._reads import if_read

RULE = Rule("KM208", "prefetch-oversized", severity="warning", words=("prefetch",), fix="safe")

# So few elements or batches are a buffer like any other. A step takes one at a time: more batches than the second number
# are many whatever their size.
_FEW, _BATCHES = 8, 16
# So many samples are much when they are images.
_SAMPLES = 1000


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for call, dataset in script.dataset_ops("prefetch"):
        data = dataset.input
        if data is None or id(call.node) in reported or dataset.toy:
            continue
        buffer = shuffle_buffer(call, data)
        if buffer is None or is_cheap(data.element) or is_cached(data):
            continue
        severity = _severity(script, buffer)
        if severity is None:
            continue
        reported.add(id(call.node))
        what = "batches" if data.batched else "elements"
        many = "all" if buffer.elements is None else f"up to {buffer.elements:,}"
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"`prefetch` holds {many} {what} that are ready, where one or two are enough",
            bytes=buffer.bytes,
            help="let tf.data choose how many with `tf.data.AUTOTUNE`; elements and their order stay the same",
            related=script.trail(data.origin),
            fixes=_fixes(script, call.node),
            severity=if_read(script, call, severity),
        )


def _severity(script: Script, buffer: Buffer) -> Severity | None:
    """How sure it is that the buffer is large; None when it is small or nothing is known."""
    data, count = buffer.data, buffer.elements
    if count is not None and count < _FEW:
        return None
    if buffer.bytes is not None or script.large(buffer.least):
        return "warning" if script.large(buffer.least) else None
    if count is not None and data.batched and count < _BATCHES:
        return None
    samples = count * (data.batch_size or 1) if count is not None else _SAMPLES
    if shows_images(data) and samples >= _SAMPLES:
        return "warning"
    return "info" if data.batched and count is not None else None


def _fixes(script: Script, node: tree.Call) -> tuple[Fix, ...]:
    spelt = autotune(script, node) if script.own(node) else None
    if spelt is None:
        return ()
    name, imports = spelt
    edit = set_argument(script, node, "buffer_size", name, position=0)
    return (Fix(f"prefetch `{name}` elements", True, (edit, *imports)),) if edit is not None else ()
