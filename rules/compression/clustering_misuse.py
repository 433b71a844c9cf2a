"""KM809: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.script import Script
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.compression._wrappers import CONVERTS, Saved, made, saved, strip_first

RULE = Rule("KM809", "clustering-misuse", severity="warning", words=("cluster_weights",), fix="unsafe")

_CLUSTER = "tfmot.clustering.keras.cluster_weights"
_STRIP = "tensorflow_model_optimization.clustering.keras.strip_clustering"


def check(script: Script) -> Iterator[Finding]:
    for one in saved(script, _CLUSTER):
        converted = one.call.name == CONVERTS
        yield Finding(
            at=script.call_place(one.call),
            site=script.place(one.call.site),
            message="a clustered model is converted with its clustering wrappers: each weight is kept once for every cluster"
            if converted
            else "a clustered model is saved with its clustering wrappers: an index of 8 bytes for each weight triples it",
            bytes=_extra(one, converted),
            help="use `tfmot.clustering.keras.strip_clustering(model)`",
            related=made(script, one.model, "wrapped for clustering here"),
            fixes=strip_first(
                script,
                one,
                _STRIP,
                "what is saved cannot be trained clustered",
            ),
        )


def _extra(one: Saved, converted: bool) -> int | None:
    """Bytes beyond those of the weights; see benchmarks/evidence, KM809."""
    if one.model.parameters is None or one.model.call is None:
        return None
    clusters = one.model.call.const("number_of_clusters")
    if not converted:
        return one.model.parameters * 8
    return one.model.parameters * 4 * (clusters + 1) if isinstance(clusters, int) else None
