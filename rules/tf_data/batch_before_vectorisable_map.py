"""KM211: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.values import Function
from keras_memlint.analysis.pipelines.elementwise import is_elementwise
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.chains import move_before
from keras_memlint.fixes.edits import Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM211", "batch-before-vectorisable-map", severity="hint", words=("map",), fix="safe")


def check(script: Script) -> Iterator[Finding]:
    reported: set[int] = set()
    for batch, dataset in script.dataset_ops("batch"):
        data = dataset.input
        if (
            data is None
            or data.op != "map"
            or data.batched
            or data.call is None
            or id(batch.node) in reported
        ):
            continue
        function = data.call.arg("map_func")
        if not isinstance(function, Function) or not is_elementwise(function, script.called):
            continue
        reported.add(id(batch.node))
        edits = move_before(script, batch.node, data.call.node)
        yield Finding(
            at=script.call_place(data.call),
            site=script.place(data.call.site),
            message="`map` calls its function once for each sample, where a call for each batch gives the same",
            help="batch before `map`: the function computes with each number by itself",
            related=(("batched here", script.call_place(batch)),),
            fixes=(Fix("batch before `map`", True, edits),) if edits is not None else (),
        )
