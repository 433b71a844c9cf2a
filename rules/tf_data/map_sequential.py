"""KM209: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import set_argument
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM209", "map-sequential", severity="info", words=(".map(", ".interleave("), fix="safe")


def check(script: Script) -> Iterator[Finding]:
    for call, dataset in script.dataset_ops("map", "interleave"):
        if call.given("num_parallel_calls") or call.name.endswith("interleave"):
            continue
        if "works" not in dataset.traits or "python" in dataset.traits:
            continue
        fixes: tuple[Fix, ...] = ()
        if script.own(call.node):
            autotune, imports = spell(script, "tensorflow.data.AUTOTUNE")
            edit = set_argument(script, call.node, "num_parallel_calls", autotune)
            if edit is not None:
                fixes = (
                    Fix(f"map in parallel with `num_parallel_calls={autotune}`", True, (edit, *imports)),
                )
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="`map` reads, decodes or augments one element at a time on one core",
            help="let tf.data choose the number of parallel calls; the order of elements stays the same",
            fixes=fixes,
        )
