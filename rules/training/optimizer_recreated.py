"""KM511: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.edits import Fix
from keras_memlint.fixes.statements import hoist
from keras_memlint.rules.base import Finding, Rule
from keras_memlint.rules.diagnostic import Severity
from keras_memlint.rules.training._loops import same_model

RULE = Rule(
    "KM511",
    "optimizer-recreated",
    severity="info",
    words=("compile", "apply_gradients", "minimize"),
    fix="unsafe",
)

_APPLIES = (".apply_gradients", ".minimize", ".apply")
_BACK = ("set_weights", "load_weights", "assign", "clone")


def check(script: Script) -> Iterator[Finding]:
    if script.backend == "tensorflow":
        yield from _compiled(script)
    yield from _made_in_own_loop(script)


def _compiled(script: Script) -> Iterator[Finding]:
    for call in script.calls("keras.Model.compile"):
        loop, model = call.loops[-1] if call.loops else None, call.receiver
        if loop is None or not isinstance(model, Model) or call.conditional:
            continue
        trained = [fit for fit in script.trainings if fit.model is model and loop in fit.call.loops]
        if not trained or not same_model(script, call, loop) or "trainable" in script.text(loop.node):
            continue
        slots, parameters = script.optimizer_slots(model), model.parameters
        if slots == 0:
            continue
        size = slots * parameters * 4 if slots is not None and parameters is not None else None
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="a model is compiled anew in each turn of a loop; TensorFlow keeps the slots of the earlier optimizers",
            bytes=size,
            help="compile once before the loop; to start anew, set the weights back and the optimizer's variables to zero",
            related=(
                ("the loop is here", script.place(loop.node)),
                ("trained here", script.call_place(trained[0].call)),
            ),
            fixes=_hoisted(script, call, loop),
            severity=_severity(script, size, loop),
        )


def _severity(script: Script, size: int | None, loop: Loop) -> Severity:
    """A warning where all turns, ten where their number is not known, leave much behind; a hint where it is little."""
    if size is None:
        return "info"
    return "warning" if script.large(size * min(loop.trips or 10, 10)) else "hint"


def _hoisted(script: Script, call: Call, loop: Loop) -> tuple[Fix, ...]:
    given = [argument.value for argument in call.node.args]
    inside = [part for one in given for part in (one.elements if isinstance(one, tree.Sequence) else (one,))]
    if not all(isinstance(one, tree.Constant) for one in inside):
        return ()
    edits = hoist(script, call.node, loop.node)
    title = "compile once, before the loop"
    price = "the optimizer goes on where the turn before left it"
    return (Fix(title, False, edits, price),) if edits else ()


def _trains_another(script: Script, apply: Call, loop: Loop) -> bool:
    """Whether the loop gives another value to the name that the trained variables have, or whose attribute they are."""
    zipped = apply.node.args[0].value if apply.node.args else None
    given = (
        zipped.args
        if isinstance(zipped, tree.Call) and not apply.name.endswith(".minimize")
        else apply.node.args
    )
    return len(given) == 2 and script.rebinds(loop, given[1].value)


def _made_in_own_loop(script: Script) -> Iterator[Finding]:
    applied = {
        id(call.receiver): call
        for call in script.all_calls
        if call.name.startswith("keras.optimizers.") and call.name.endswith(_APPLIES)
    }
    # What a loop makes or sets back starts anew as well: models, images that are optimized, tasks of meta-learning.
    anew = {loop for model in script.models if model.call is not None for loop in model.call.loops}
    anew |= {loop for call in script.calls("tf.Variable") for loop in call.loops}
    for call in script.calls("keras.optimizers."):
        loop, apply = call.loops[-1] if call.loops else None, applied.get(id(call.result))
        if loop is None or apply is None or loop not in apply.loops or call.conditional:
            continue
        if loop in anew or (loop.trips is not None and loop.trips <= 2) or script.slots_made(call) == 0:
            continue
        if _trains_another(script, apply, loop) or any(word in script.text(loop.node) for word in _BACK):
            continue
        each = loop is apply.loops[-1]
        yield Finding(
            at=script.call_place(call),
            site=script.place(call.site),
            message="an optimizer is made in each turn of a loop that applies its gradients: its slots are made anew"
            " and start from zero",
            help="make it once, before the loop",
            related=(("the loop is here", script.place(loop.node)),),
            severity="warning" if each else "info",
        )
