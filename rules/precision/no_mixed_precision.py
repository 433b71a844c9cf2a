"""KM301: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.sizes.measurement import Measurement, OnGpu
from keras_memlint.analysis.sizes.settings import Target
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.precision import train_in
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM301", "no-mixed-precision", severity="hint", words=("fit",), fix="unsafe")

WEIGHTS = 5_000_000
# Of the GPU's memory, one part in so many is worth a warning.
_SHARE = 4
# Of what a step takes, one part in so many is worth a word, whatever kind of model it is; a warning where it may not fit.
_WORTH = 10
_HELP = "set a mixed-precision policy before the model is built; weights stay float32, activations shrink"
_COMPUTES = ("Conv", "SeparableConv", "MultiHeadAttention", "Attention", "EinsumDense", "LSTM", "GRU")


def check(script: Script) -> Iterator[Finding]:
    capability = script.settings.target.compute_capability
    if script.precision_is_chosen or script.cpu_only or (capability is not None and capability < (7, 0)):
        return
    if script.slices_arrays:
        return  # Keras before 2.4 has no policies
    for fit in script.trainings:
        measurement = script.measurement_of(fit)
        if measurement is not None and measurement.policy != "float32":
            return  # the run had a policy that the text does not show
        if measurement is not None and (saving := _saving(measurement, script.settings.target)) is not None:
            if (finding := _measured(script, fit, *saving)) is not None:
                yield finding
                return
            continue
        model = fit.model
        if model is None or not _heavy(model):
            continue
        saved = _saved(fit, model)
        gpu = script.settings.target.gpu
        where = f" on {gpu}, which has tensor cores" if capability is not None else ""
        yield Finding(
            at=script.name_place(fit.call),
            site=script.place(fit.call.site),
            message=f"a model of {model.known_parameters / 1e6:.1f} M weights trains in float32{where}: its activations take"
            " twice the memory they need",
            bytes=saved,
            help=_HELP,
            fixes=_fixes(script, fit, capability),
            severity="warning" if _matters(script, saved, _on_target(script, fit)) else "hint",
        )
        return  # once a file


def _on_target(script: Script, fit: Fit) -> OnGpu | None:
    """What the shapes say of the training on the GPU that was chosen; None without one, or when a size is not known."""
    target = script.settings.target
    estimate = script.static_estimate(fit) if target.compute_capability is not None else None
    return estimate.on(target.gpu, target.gpu_memory) if estimate is not None else None


def _matters(script: Script, saved: int | None, one: OnGpu | None) -> bool:
    """Whether a saving is a large part of the GPU's memory, or a good part of a training that may not fit it."""
    memory = one.memory if one is not None else script.settings.target.gpu_memory
    if saved is None or memory is None or not script.large(saved):
        return False
    tight = one is not None and one.fits != "yes" and saved * _WORTH >= one.likely
    return tight or saved * _SHARE >= memory


def _saving(measurement: Measurement, target: Target) -> tuple[OnGpu, str, int] | None:
    """What a policy saves where it was recomputed for a GPU with tensor cores; the policy first that suits the GPU."""
    capability = target.compute_capability or measurement.on(target.gpu).compute_capability
    policies = ("mixed_float16", "mixed_bfloat16")
    found = measurement.saving(
        target.gpu, *(reversed(policies) if (capability or (0, 0)) >= (8, 0) else policies)
    )
    if found is None or (found[0].compute_capability or (7, 0)) < (7, 0):
        return None
    return found


def _measured(script: Script, fit: Fit, one: OnGpu, policy: str, saved: int) -> Finding | None:
    """The finding with a saving that was recomputed; None where it is none, or little of a model that is small."""
    model = fit.model
    matters = _matters(script, saved, one)
    worth = script.large(saved) and saved * _WORTH >= one.likely
    if saved <= 0 or not (matters or worth or (model is not None and _heavy(model))):
        return None
    weights = f" of {model.known_parameters / 1e6:.1f} M weights" if model is not None else ""
    where = f" on {one.name}" if one.name is not None else ""
    cost = f"`{policy}` saves {format_bytes(saved)} of {format_bytes(one.likely)}, {one.recomputed}"
    return Finding(
        at=script.name_place(fit.call),
        site=script.place(fit.call.site),
        message=f"a model{weights} trains in float32{where}",
        bytes=saved,
        cost=cost,
        help=_HELP,
        fixes=_fixes(script, fit, one.compute_capability),
        severity="warning" if matters else "hint",
    )


def _heavy(model: Model) -> bool:
    """A model that tensor cores would speed up: convolutions or attention, and weights that are worth it."""
    return model.known_parameters >= WEIGHTS and (
        model.uses_application or any(use.layer.name.startswith(_COMPUTES) for use in model.uses)
    )


def _saved(fit: Fit, model: Model) -> int | None:
    """Half the bytes of the activations of one batch; None when these are not known."""
    activations, batch = model.activations, fit.batch_size
    return activations * batch * 2 if activations is not None and batch is not None else None


def _fixes(script: Script, fit: Fit, capability: tuple[int, int] | None) -> tuple[Fix, ...]:
    policy = "mixed_bfloat16" if capability is not None and capability >= (8, 0) else "mixed_float16"
    fix = train_in(script, fit, policy)
    return (fix,) if fix is not None else ()
