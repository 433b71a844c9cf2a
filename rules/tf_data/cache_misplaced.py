"""KM206: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.tf_data._caches import (
    Misplaced,
    augmented,
    cut_short,
    ordered,
    repeated,
    shared_files,
)
from keras_memlint.rules.tf_data._reads import if_read

RULE = Rule("KM206", "cache-misplaced", severity="warning", words=("cache",), fix="unsafe")


def check(script: Script) -> Iterator[Finding]:
    reported: set[int] = set()
    for found in _misplaced(script):
        if id(found.call.node) in reported:
            continue
        reported.add(id(found.call.node))
        yield Finding(
            at=script.call_place(found.call),
            site=script.place(found.call.site),
            message=found.message,
            bytes=found.bytes,
            help=found.help,
            related=((found.note, script.call_place(found.cause)),),
            fixes=(found.fix,) if found.fix is not None else (),
            severity=if_read(script, found.call, found.severity),
        )


def _misplaced(script: Script) -> Iterator[Misplaced]:
    """The worst of each cache first."""
    caches = list(script.dataset_ops("cache"))
    yield from shared_files(caches)
    for call, cache in caches:
        for kind in (repeated, augmented, ordered):
            found = kind(script, call, cache)
            if found is not None:
                yield found
    yield from cut_short(script)
