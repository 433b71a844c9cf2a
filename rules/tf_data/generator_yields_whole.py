"""KM217: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array
from keras_memlint.analysis.arrays.feeds import arrays
from keras_memlint.analysis.facts.joining import JOINS
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.pydataset import map_only
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.input_data._whole import LOADERS, file_bytes, is_mapped, pickles

RULE = Rule("KM217", "generator-yields-whole", severity="warning", words=("yield",), fix="unsafe")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    reported: set[int] = set()
    for call in script.calls(*LOADERS, *JOINS):
        array = call.result
        if id(call.node) in reported or call.loops or not isinstance(array, Array):
            continue  # in a loop it may be what one batch needs
        joined = call.name in JOINS
        if array.source != "list" if joined else is_mapped(call) or pickles(call):
            continue
        severity = _severity(script, call, array)
        if severity is None or not _is_yielded(script, call, array):
            continue
        reported.add(id(call.node))
        fix = map_only(script, call) if call.name == "numpy.load" else None
        name = call.function.name if call.function is not None else ""
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message=f"the generator `{name}` {'reads all files' if joined else 'loads a whole file'} before it yields"
            " anything",
            bytes=array.bytes,
            help="read in the loop what one batch needs"
            if joined
            else 'load with `mmap_mode="r"` and copy a batch at a time',
            fixes=(fix,) if fix is not None else (),
            severity=severity,
        )


def _severity(script: Script, call: Call, array: Array) -> Severity | None:
    """How sure it is that the array is large; None when it is small, or when KM104 reports it."""
    size = array.bytes if array.bytes is not None else file_bytes(script, call)
    if size is not None or script.large(array.least):
        return "warning" if script.large(size or array.least) and call.name in JOINS else None
    return "info" if array.pixels else "hint" if call.name == "numpy.load" else None


def _is_yielded(script: Script, call: Call, array: Array) -> bool:
    """Whether the generator that ``call`` stands in yields ``array`` in a loop, or parts of it."""
    if call.function is None or array.origin is None:
        return False
    for yielded in script.yields:
        if yielded.loops and yielded.function is not None and yielded.function.node is call.function.node:
            for part in arrays(yielded.value):
                if part.origin is not None and any(step is array.origin for step in part.origin.steps()):
                    return True
    return False
