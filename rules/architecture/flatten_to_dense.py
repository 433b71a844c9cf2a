"""KM401: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Model, Use, count
from keras_memlint.analysis.abstract.values import Object, Shape
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.text.bytes import format_bytes
from keras_memlint.analysis.text.source import Place
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.spelling import sibling
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM401", "flatten-to-dense", severity="warning", words=("Flatten", "compile", "fit"), fix="unsafe"
)

WEIGHTS = 10_000_000
# Fewer weights are worth a word where they take so much with their gradients and slots.
_SOME = 128 << 20
_CHANNELS = 128  # pixels have fewer
_UPSAMPLING = ("keras.layers.Conv2DTranspose", "keras.layers.UpSampling2D")
# Layers behind `Flatten` that give as many features as they get.
_KEEP = frozenset(
    [
        "Activation",
        "AlphaDropout",
        "BatchNormalization",
        "Dropout",
        "ELU",
        "GaussianDropout",
        "GaussianNoise",
        "LayerNormalization",
        "LeakyReLU",
        "PReLU",
        "ReLU",
    ]
)
_HELP = "pool the feature map first: `GlobalAveragePooling2D` keeps one number a channel"
_HELP_TOP = 'leave the model\'s own top out and pool: `include_top=False, pooling="avg"`'
_POOLING = {3: "GlobalAveragePooling1D", 4: "GlobalAveragePooling2D", 5: "GlobalAveragePooling3D"}


def check(script: Script) -> Iterator[Finding]:
    tuners = [call.result for call in script.calls("keras_tuner.") if isinstance(call.result, Object)]
    searched = {id(tuner.state["largest"]) for tuner in tuners if "largest" in tuner.state}
    for model in script.models:
        most = "up to " if id(model) in searched else ""
        uses = model.head or model.uses
        for flatten, dense in _pairs(uses):
            if dense.parameters is None:
                continue
            call = dense.layer.call or _trained_application(script, model, dense)
            if call is None:
                continue
            if flatten is uses[0] and not _is_feature_map(flatten.inputs[0]):
                continue  # pixels of the input itself cannot be pooled
            if count(flatten.inputs[0][:-1] if flatten.inputs[0] else None) == 1:
                continue  # nor can a single place
            slots = _slots(script, model, dense)
            size = dense.parameters * 4 * (1 if slots is None else 2 + slots)
            small = slots is None or dense.parameters < WEIGHTS
            if dense.parameters < WEIGHTS and (size < _SOME or slots is None):
                continue
            cost = "" if slots is None else ", with gradients and optimizer slots"
            top = f" in the top of `{call.name.rpartition('.')[2]}`" if dense.layer.call is None else ""
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=f"`Dense` on {most}{count(dense.inputs[0]):,} flattened features{top} has"
                f" {most}{dense.parameters / 1e6:,.1f} M weights{cost}",
                bytes=size,
                cost=_of_step(script, model, size),
                help=_HELP_TOP if top else _HELP,
                related=_related(script, flatten) if not top else (),
                fixes=_fixes(script, model, flatten),
                severity="info" if small or _makes_images(script, model) else None,
            )


def _pairs(uses: Sequence[Use]) -> Iterator[tuple[Use, Use]]:
    """Each `Flatten` with the `Dense` that gets its features, as they are or through layers that keep their number."""
    flatten: Use | None = None
    for use in uses:
        if use.layer.name == "Flatten":
            flatten = use
            continue
        if flatten is not None and use.inputs[:1] != (flatten.output,):
            flatten = None  # of another branch
        if flatten is not None and use.layer.name == "Dense":
            yield flatten, use
        if use.layer.name not in _KEEP:
            flatten = None


def _slots(script: Script, model: Model, dense: Use) -> int | None:
    """The slots that the optimizer has for each weight of ``dense``; None where it is not trained, or not known to be."""
    if dense.layer.frozen or _is_only_asked(script, model):
        return None
    return script.optimizer_slots(model)


def _trained_application(script: Script, model: Model, dense: Use) -> Call | None:
    """The call that made the model of ``keras.applications`` whose own top has ``dense``; None when that is not trained."""
    frozen = dense.layer.frozen or (model.frozen and not model.head)
    if frozen or script.freezes_some or script.training_of(model) is None:
        return None
    uses = model.head or model.uses
    body = next((use.layer.model for use in uses if use.layer.model is not None), None)
    return body.call if body is not None else None


def _is_only_asked(script: Script, model: Model) -> bool:
    """Whether the script predicts with the model, or evaluates it, and never trains it."""
    methods = {fit.method for fit in script.fits if fit.model is model}
    return bool(methods) and all(method.startswith(("predict", "evaluate")) for method in methods)


def _is_feature_map(shape: Shape | None) -> bool:
    """Whether an input is what another network made of images: small, and of many channels."""
    if shape is None or len(shape) != 4 or None in shape[1:]:
        return False
    height, width, channels = (axis or 0 for axis in shape[1:])
    return channels >= _CHANNELS and channels > max(height, width)


def _of_step(script: Script, model: Model, size: int) -> str:
    """The size beside what the whole step takes; empty when that was not estimated."""
    for fit in script.trainings:
        measurement = script.measurement_of(fit)
        if measurement is None or fit.model is not model:
            continue
        one = measurement.on(script.settings.target.gpu)
        if one.tier != "bound" and one.likely > size:
            return f"{format_bytes(size)}; a step takes {format_bytes(one.likely)}, {one.how}"
    return ""


def _makes_images(script: Script, model: Model) -> bool:
    """Whether it gives as many numbers as it gets, or is one of a pair that does: places lost by pooling are needed."""
    if script.uses("keras.layers.Reshape") and script.uses(*_UPSAMPLING):
        return True
    given, made = count(model.input), count(model.output.shape) if model.output is not None else None
    return given is not None and made is not None and made >= given


def _related(script: Script, flatten: Use) -> tuple[tuple[str, Place], ...]:
    node = flatten.node
    shape = flatten.inputs[0]
    return (
        ((f"{shape} is flattened here", script.place(node)),)
        if node is not None and shape is not None
        else ()
    )


def _fixes(script: Script, model: Model, flatten: Use) -> tuple[Fix, ...]:
    shape = flatten.inputs[0]
    layer: Layer = flatten.layer
    wanted = _POOLING.get(len(shape)) if shape is not None else None
    if wanted is None or layer.call is None or layer.call.node.args or model.kind == "application":
        return ()
    edits = sibling(script, layer.call, wanted)
    return (Fix(f"pool with `{wanted}`", False, edits, "another model"),) if edits else ()
