"""KM603: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Holding
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Items, Object, Value
from keras_memlint.analysis.reach.uses import uses_of
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.rules.base import Finding, Rule

RULE = Rule("KM603", "keeps-models-or-histories", severity="hint", words=("fit",), fix="both")


def check(script: Script) -> Iterator[Finding]:
    for holding in script.holdings:
        model = _model(holding.value)
        if model is None or not _is_new_each_turn(model, holding):
            continue
        slots = script.optimizer_slots(model)
        parameters = model.parameters
        size = parameters * 4 * (1 + slots) if parameters is not None and slots is not None else None
        yield Finding(
            at=script.place(holding.given or holding.node),
            site=script.place(holding.site),
            message="a `History` is kept for each model of a loop, and with it the model, its weights and optimizer slots",
            bytes=size,
            help="keep `.history`, the dict of numbers",
            related=(("the loop is here", script.place(holding.loops[-1].node)),),
            fixes=_fixes(script, holding),
            severity="info" if _is_eager(script, model) and (size is None or script.large(size)) else "hint",
        )


def _is_eager(script: Script, model: Model) -> bool:
    """Whether nothing else keeps the model: no trace of TensorFlow's."""
    eager = model.compiled is not None and model.compiled.const("run_eagerly") is True
    return eager or script.backend != "tensorflow"


def _model(value: Value) -> Model | None:
    """The model that a history, or a tuple with one, holds on to; None for everything else."""
    if isinstance(value, Items) and value.kind in ("tuple", "list"):
        if any(isinstance(item, Model) for item in value.items or ()):
            return None  # the model itself is kept, and so it is meant
        return next((found for item in value.items or () if (found := _model(item)) is not None), None)
    if not isinstance(value, Object) or value.api != "keras.callbacks.History":
        return None
    model = value.state.get("model")
    return model if isinstance(model, Model) else None


def _is_new_each_turn(model: Model, holding: Holding) -> bool:
    """Whether the loop in which something is kept makes the model as well."""
    made = model.call
    return bool(holding.loops) and made is not None and holding.loops[-1] in made.loops


def _fixes(script: Script, holding: Holding) -> tuple[Fix, ...]:
    """``.history`` where it is kept, if all that is done with the list is to read it from there."""
    given = holding.given
    call = holding.node
    if (
        not isinstance(given, (tree.Name, tree.Call))
        or not script.own(given)
        or not isinstance(call, tree.Call)
    ):
        return ()
    owner = call.func.value if isinstance(call.func, tree.Attribute) else None
    if not isinstance(owner, tree.Name):
        return ()
    read = _read_as_numbers(script, owner.id, call)
    if read is None:
        return ()
    end = script.call_end(given) if isinstance(given, tree.Call) else script.place(given).end
    inside = holding.function is not None
    price = "code elsewhere, as in another cell, cannot read the models from it"
    return (Fix("keep `.history` only", inside, (Edit(end, end, ".history"), *read), price),)


def _read_as_numbers(script: Script, name: str, append: tree.Call) -> list[Edit] | None:
    """Edits that read elements of the list ``name`` as numbers: ``[0].history`` becomes ``[0]``.

    None when anything else is done with the list, and when a comment would be lost.
    """
    uses = uses_of(script, name)
    if uses is None:
        return None
    found: list[Edit] = []
    for use in uses:
        one, outer = use.around[:2] if len(use.around) > 1 else (None, None)
        if use.is_bound or outer is append:
            continue
        if (
            not isinstance(one, tree.Subscript)
            or not isinstance(outer, tree.Attribute)
            or outer.name != "history"
        ):
            return None
        found.append(Edit(script.place(one).end, script.place(outer).end, ""))
    return None if any("#" in script.source.text[edit.start : edit.end] for edit in found) else found
