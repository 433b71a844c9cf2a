"""KM512: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Array, Dataset
from keras_memlint.analysis.script import Fit, Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.training._loops import same_model

RULE = Rule("KM512", "fit-in-epoch-loop", severity="hint", words=("fit",))

# What a loop may do between two calls that a single call of fit would not: other weights, states or objectives.
_BETWEEN = ("reset_state", "set_weights", "load_weights", "compile", "train_on_batch", "trainable", ".pop(")
# Arguments that may differ from turn to turn and leave the data the same.
_OTHER = frozenset(["epochs", "initial_epoch", "verbose", "callbacks", "batch_size"])


def check(script: Script) -> Iterator[Finding]:
    for fit in script.trainings:
        loop = fit.call.loops[-1] if fit.call.loops else None
        if loop is None or fit.method not in ("fit", "fit_generator"):
            continue
        if not _is_one_epoch(fit) or not same_model(script, fit.call, loop):
            continue
        remade = _is_remade(script, fit, loop)
        if not remade and (fit.method != "fit" or not _same_data(script, fit, loop)):
            continue
        text = script.text(loop.node)
        if any(word in text for word in _BETWEEN):
            continue
        shuffled = not remade and any(script.rebinds(loop, part) for part in _data(fit))
        yield Finding(
            at=script.call_place(fit.call),
            site=script.place(fit.call.site),
            message=f"`{fit.method}` runs one epoch in each turn of a loop, on the same data"
            + (" in another order" if shuffled else "")
            + ": it is set up anew each time"
            + ("" if remade or isinstance(fit.x, Dataset) else ", and the arrays are copied again"),
            help=(
                "call `fit` once with `epochs=…`, which shuffles arrays before each"
                if shuffled
                else f"call `{fit.method}` once with `epochs=…`"
            )
            + "; what the loop does between epochs goes into a callback",
            related=(("the loop is here", script.place(loop.node)),),
        )


def _is_one_epoch(fit: Fit) -> bool:
    given = fit.call.arg("epochs") or fit.call.arg("nb_epoch")
    return not fit.call.star and (given is None or fit.call.const("epochs", fit.call.const("nb_epoch")) == 1)


def _same_data(script: Script, fit: Fit, loop: Loop) -> bool:
    """Whether each turn trains on the very same arrays or data set, in whatever order."""
    if any(fill.array is fit.x and loop in fill.loops for fill in script.fills):
        return False
    changed = [part for part in _data(fit) if script.rebinds(loop, part)]
    if not isinstance(fit.x, (Array, Dataset)) and not changed:
        return False
    return all(script.is_reordered(loop, part) for part in changed)


def _is_remade(script: Script, fit: Fit, loop: Loop) -> bool:
    """Whether each turn trains on an endless generator that it makes anew, and nothing else changes."""
    changed = [part for part in _data(fit) if script.rebinds(loop, part)]
    return bool(changed) and all(script.is_remade(loop, part) for part in changed)


def _data(fit: Fit) -> Iterator[tree.Expr]:
    """What ``fit`` is given to train and validate on, one by one where it is a list."""
    for at, argument in enumerate(fit.call.node.args):
        name = argument.name or (fit.call.params[at] if at < len(fit.call.params) else "")
        if name not in _OTHER:
            yield from (
                argument.value.elements if isinstance(argument.value, tree.Sequence) else (argument.value,)
            )
