"""KM802: what it finds, and why, is in the page beside this file."""

from __future__ import annotations

from collections.abc import Iterator

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.script import Script
from keras_memlint.fixes.calls import remove_argument
from keras_memlint.fixes.edits import Edit, Fix
from keras_memlint.fixes.spelling import spell
from keras_memlint.rules.base import Finding, Rule

RULE = Rule(
    "KM802",
    "nonexistent-pruning-api",
    severity="error",
    words=("set_pruning", "PolynomialDecay", "prune", "pruning"),
    fix="unsafe",
)

_MADE_UP = {
    "keras.callbacks.experimental.PolynomialDecay": "Keras has no `callbacks.experimental.PolynomialDecay`: this raises"
    " AttributeError",
    "keras.Layer.set_pruning": "layers have no method `set_pruning`: this raises AttributeError",
    "keras.Model.set_pruning": "models have no method `set_pruning`: this raises AttributeError",
}
_INVENTED = ("keras.pruning.", "keras.layers.prune", "keras.layers.Prune", "keras.sparsity.", "tf.sparsity.")
# The arguments of a learning-rate schedule, and what becomes of them.
_KEYWORDS = {"initial_learning_rate": "final_sparsity", "decay_steps": "end_step", "power": "power"}
_HELP = "pruning lives in tensorflow_model_optimization: `tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=…)`"


def check(script: Script) -> Iterator[Finding]:
    for call in script.all_calls:
        if call.tried:
            continue
        message = _MADE_UP.get(call.name)
        if message is None and call.name.startswith(_INVENTED):
            message = f"`{call.name}` does not exist"
        if message is None:
            message = _learning_rate(call)
        if message is not None:
            yield Finding(
                at=script.call_place(call),
                site=script.place(call.site),
                message=message,
                help=_HELP,
                fixes=_schedule(script, call),
                severity=None if script.is_run(call) else "info",
            )


def _learning_rate(call: Call) -> str | None:
    """A learning-rate schedule given where a sparsity schedule belongs."""
    if call.name != "tfmot.sparsity.keras.prune_low_magnitude":
        return None
    schedule = call.arg("pruning_schedule")
    api = getattr(schedule, "api", "")
    if api.startswith("keras.optimizers.schedules."):
        return f"`{api.rpartition('.')[2]}` of Keras schedules a learning rate, not a sparsity"
    return None


def _schedule(script: Script, call: Call) -> tuple[Fix, ...]:
    """The schedule that exists: the rate becomes the final sparsity, reached after the same number of steps."""
    names = [argument.name for argument in call.node.args]
    known = {"initial_learning_rate", "decay_steps", "end_learning_rate", "power"}
    if not call.name.endswith(".PolynomialDecay") or not script.own(call.node) or not known.issuperset(names):
        return ()
    if names[:2] != ["initial_learning_rate", "decay_steps"]:
        return ()
    text, imports = spell(script, "tensorflow_model_optimization.sparsity.keras.PolynomialDecay")
    func = script.place(call.node.func)
    edits: list[Edit | None] = [Edit(func.start, func.end, text)]
    for argument in call.node.args:
        start = script.place(argument).start
        if argument.name in _KEYWORDS:
            edits.append(Edit(start, start + len(argument.name), _KEYWORDS[argument.name]))
        else:
            edits.append(remove_argument(script, call.node, argument))
    first = script.place(call.node.args[0]).start
    edits[1] = Edit(first, first + len("initial_learning_rate"), "initial_sparsity=0.0, final_sparsity")
    second = script.place(call.node.args[1]).start
    edits[2] = Edit(second, second + len("decay_steps"), "begin_step=0, end_step")
    if None in edits:
        return ()
    title = "use tfmot's `PolynomialDecay`"
    price = "schedules the sparsity"
    return (Fix(title, False, (*(edit for edit in edits if edit is not None), *imports), price),)
