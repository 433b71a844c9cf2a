"""What the rules on `PyDataset` and `Sequence` classes agree on: which data an instance holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import Array, Instance, Items
from keras_memlint.analysis.script import Script
from keras_memlint.rules.input_data._files import Bulk, Uses, bulk, reads_files
from keras_memlint.rules.input_data._whole import is_toy


class Held(NamedTuple):
    """A list of all files that an instance keeps in ``attribute``; ``reader`` reads one of them."""

    attribute: str
    reader: Call
    amount: Bulk


def held_files(script: Script, instance: Instance, used: Uses) -> Iterator[Held]:
    """The lists of what many files hold that an instance keeps, one for each call that reads."""
    readers: set[int] = set()
    for name, value in instance.attributes.items():
        if not isinstance(value, Items) or value.kind not in ("list", "tuple") or value.items is not None:
            continue
        sample = any_item(value)
        reader = script.maker(sample)
        if not isinstance(sample, Array) or reader is None or id(reader.node) in readers:
            continue
        if reader.streamed or not reader.loops or not reads_files(script, sample):
            continue
        amount = bulk(script, sample, None, value.grown, (), used)
        if amount is not None:
            readers.add(id(reader.node))
            yield Held(f"self.{name}", reader, amount)


def held_bytes(instance: Instance) -> int:
    """Bytes of the arrays that an instance keeps, as far as they are known; small built-in data sets do not count."""
    return sum(
        value.least or 0
        for value in instance.attributes.values()
        if isinstance(value, Array) and value.kind == "ndarray" and not value.part and not is_toy(value)
    )
