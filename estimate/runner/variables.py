"""The variables of a model and its optimizer: which is what, and how large."""

from __future__ import annotations

from typing import Any, Iterable

from . import shapes


def layers(model: Any) -> list[Any]:
    """A model's layers, those inside other layers included."""
    flatten = getattr(model, "_flatten_layers", None)
    try:
        return list(flatten(include_self=False)) if flatten else list(getattr(model, "layers", []))
    except Exception:
        return list(getattr(model, "layers", []))


def of_optimizer(optimizer: Any) -> list[Any]:
    """An optimizer's variables; none where it has none yet."""
    found = getattr(optimizer, "variables", None)
    state = getattr(optimizer, "state", None)
    if hasattr(optimizer, "param_groups") and state is not None:  # PyTorch's own.
        return [part for slots in state.values() for part in slots.values() if hasattr(part, "shape")]
    try:
        listed = list(found() if callable(found) else found or [])
    except Exception:
        return []
    rate = getattr(optimizer, "_learning_rate", None)  # Keras 2 does not list it.
    is_listed = any(rate is variable for variable in listed)
    return listed if is_listed or not hasattr(rate, "assign") else [*listed, rate]


def of_optimizers(model: Any, optimizer: Any) -> list[Any]:
    """The variables of an optimizer and of those that the model keeps besides: adversarial models have several."""
    found = {}
    for one in [optimizer, getattr(model, "optimizer", None), *getattr(model, "__dict__", {}).values()]:
        if one is not None and (hasattr(one, "apply_gradients") or hasattr(one, "param_groups")):
            found.update({id(variable): variable for variable in of_optimizer(one)})
    return list(found.values())


def parameters(model: Any) -> list[Any]:
    """The weights that layers learn, frozen ones too; not the statistics of normalisations and the like."""
    learned = {id(weight) for weight in getattr(model, "trainable_weights", [])}
    for layer in [model, *layers(model)]:
        for name in ("_trainable_variables", "_trainable_weights"):
            learned.update(id(weight) for weight in getattr(layer, name, None) or ())
    return [weight for weight in weights(model) if id(weight) in learned]


def weights(model: Any) -> list[Any]:
    """All the weights of a model, each once."""
    found = {id(weight): weight for weight in getattr(model, "weights", None) or ()}
    return list(found.values())


def others(model: Any, optimizer: Any) -> list[Any]:
    """What is neither learned nor the optimizer's: statistics, seeds, metrics."""
    known = {id(variable) for variable in [*parameters(model), *of_optimizers(model, optimizer)]}
    found = {}
    for variable in [*weights(model), *(getattr(model, "variables", None) or ())]:
        found[id(variable)] = variable
    for metric in _metrics(model):
        for variable in getattr(metric, "variables", ()):
            found[id(variable)] = variable
    return [variable for identity, variable in found.items() if identity not in known]


def _metrics(model: Any) -> list[Any]:
    try:
        return list(model.metrics)
    except Exception:
        return []


def kinds(model: Any, optimizer: Any) -> dict[int, tuple[str, str]]:
    """By ``id`` of the handle: the kind and name of every variable that is known."""
    found = {}
    if model is not None:
        found.update(kinds_of(others(model, optimizer), "state"))
        found.update(kinds_of(parameters(model), "parameter"))
    found.update(kinds_of(of_optimizers(model, optimizer), "optimizer"))
    return found


def kinds_of(found: Iterable[Any], kind: str) -> dict[int, tuple[str, str]]:
    """By ``id`` of the handle: ``kind`` and the variable's name."""
    listed = {}
    for variable in found:
        for inner in (variable, getattr(variable, "value", None), getattr(variable, "_value", None)):
            found_handle = handle(inner)
            if found_handle is not None:
                listed[id(found_handle)] = (kind, name(variable))
    return listed


def handle(variable: Any) -> Any:
    """What a graph captures of a variable; of a mirrored one, its first copy's."""
    both: list[Any] = [variable, getattr(variable, "_primary", None)]
    for one in both:
        try:
            return one.handle
        except Exception:  # Mirrored variables refuse outside of a replica.
            continue
    return None


def name(variable: Any) -> str:
    """Its path, as Keras shows it."""
    return str(getattr(variable, "path", None) or getattr(variable, "name", "")).split(":")[0]


def size(found: Iterable[Any]) -> int:
    """Bytes of all of them."""
    total = 0
    for variable in found:
        shape = shapes.of(variable)
        total += (shape.bytes or 0) if shape else 0
    return total


def weights_trained(model: Any, updated: list[Any]) -> list[Any]:
    """The model's trainable weights, or what the optimizer updated where the model is not known."""
    return list(getattr(model, "trainable_weights", None) or ()) if model is not None else updated
