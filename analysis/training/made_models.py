"""The models a script makes: their layers, and the models of ``keras.applications`` in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Layer, Model, Use

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script


def models_of(calls: Iterable[Call]) -> list[Model]:
    """Models that ``calls`` make or belong to, in order, each once."""
    found: dict[int, Model] = {}
    for call in calls:
        for value in (call.result, call.receiver):
            if isinstance(value, Model) and (value.call is not None or value.instance is not None):
                found.setdefault(id(value), value)
    return list(found.values())


def layers_of(script: Script) -> dict[int, tuple[Model, list[Use]]]:
    """The places that make layers, see ``Script.layers``."""
    found: dict[int, tuple[Model, list[Use]]] = {}
    for model in sorted(
        script.models, key=lambda one: (script.training_of(one) is None, one.compiled is None)
    ):
        for use in model.flat():
            if use.layer.call is not None:
                of, uses = found.setdefault(id(use.layer.call.node), (model, []))
                if of is model:
                    uses.append(use)
    return found


def uses_of(script: Script, names: Collection[str]) -> Iterator[tuple[Call, Model, list[Use]]]:
    """Each place that makes layers of the classes ``names`` and has them in a model."""
    for model, uses in script.layers.values():
        call = uses[0].layer.call
        if call is not None and uses[0].layer.name in names:
            yield call, model, uses


def backbones_of(script: Script) -> list[tuple[Model, Use]]:
    """Models of ``keras.applications`` that are trained, see ``Script.backbones``."""
    found: dict[int, tuple[Model, Use]] = {}
    for model in script.models:
        if script.training_of(model) is None:
            continue
        uses = list(model.flat())
        if model.kind == "application" and model.output is not None:
            layer, kept = Layer("keras.Model", model.flavour, model.call, model=model), model.activations
            uses.append(Use(layer, (model.input,), model.output.shape, model.parameters, None, kept))
        for use in uses:
            inner = use.layer.model
            if inner is not None and inner.kind == "application" and inner.call is not None:
                found.setdefault(id(inner.call.node), (model, use))
    return list(found.values())
