"""KM118: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.input_data._files import PYDATASET, uses
from keras_memlint.rules.input_data._sequences import held_files

RULE = Rule("KM118", "sequence-loads-in-init", severity="warning", words=("Sequence", "PyDataset", "Dataset"))
_BASES = (PYDATASET, "torch.utils.data.Dataset")


def check(script: Script) -> Iterator[Finding]:
    if script.is_test:
        return
    used = uses(script)
    for instance in script.instances:
        if instance.cls.api_base() not in _BASES:
            continue
        found = list(held_files(script, instance, used))
        if not found:
            continue
        first = min(found, key=lambda one: one.amount.severity != "warning")
        sizes = [one.amount.bytes for one in found]
        yield Finding(
            at=script.call_place(first.reader),
            site=script.place(first.reader.site),
            message=f"`{instance.cls.node.name}` reads all files when it is made and keeps them in `{first.attribute}`,"
            " although it gives one batch at a time",
            bytes=sum(size or 0 for size in sizes) if None not in sizes else None,
            help="keep the paths, and read the files of a batch in `__getitem__`",
            related=tuple(
                (f"read here for `{one.attribute}`", script.call_place(one.reader))
                for one in found
                if one is not first
            ),
            severity=first.amount.severity,
        )
