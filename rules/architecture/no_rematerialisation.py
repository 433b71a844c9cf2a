"""KM409: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.sizes.settings import GIB
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM409", "no-rematerialisation", severity="hint", words=("fit",))

# Without a known GPU: what few hold.
_FEW = 16 * GIB
_DEEP = 8
# Of what a step takes, one part in so many is worth the time.
_SHARE = 10
_HELP = (
    'make the layers within `with keras.RematScope(mode="full"):` (Keras 3.9 or later): the backward pass computes'
    " again what is inside a layer, and takes longer"
)


def check(script: Script) -> Iterator[Finding]:
    if script.is_test or script.keras_major == 2 or script.uses("keras.RematScope", "keras.remat"):
        return
    for fit in script.trainings:
        measurement = script.measurement_of(fit)
        found = None if measurement is None else measurement.saving(script.settings.target.gpu, "remat")
        if found is not None:
            one, _, saved = found
            if one.fits != "yes" and script.large(saved) and saved * _SHARE >= one.likely:
                cost = f"saves {format_bytes(saved)} of {format_bytes(one.likely)}, {one.recomputed}"
                yield _finding(script, fit, saved, cost)
        elif measurement is None and (kept := _kept(script, fit)) is not None:
            yield _finding(script, fit, kept, "")


def _finding(script: Script, fit: Fit, size: int, cost: str) -> Finding:
    return Finding(
        at=script.call_place(fit.call),
        site=script.place(fit.call.site),
        message="a step that hardly fits keeps what its layers could compute again",
        bytes=size,
        cost=cost,
        help=_HELP,
    )


def _kept(script: Script, fit: Fit) -> int | None:
    """Bytes of the activations of a step that may not fit; None where it fits, or where recomputing is known to fail."""
    static = script.static_estimate(fit)
    if static is None or static.recurrent or fit.model is None or not _is_deep(fit.model):
        return None
    if script.backend != "jax" and (script.backend != "tensorflow" or script.keras_major != 3):
        return None  # Keras 2 has no scope, and on PyTorch nothing was measured
    limit, target = _FEW, script.settings.target
    if target.gpu_memory is not None:
        limit = target.gpu_memory
    kept = static.sample * static.batch
    needs = static.on(target.gpu, target.gpu_memory).likely
    return kept if needs > limit and kept * 2 > needs else None


def _is_deep(model: Model) -> bool:
    """Whether it has several layers with weights, and no batch normalisation, at which rematerialised layers fail."""
    names = [use.layer.name for use in model.flat() if use.parameters]
    return len(names) >= _DEEP and not model.uses_application and "BatchNormalization" not in names
