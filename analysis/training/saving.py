"""Files of weights that a training loop of the script's own, or a callback, writes under another name each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Api, Class, Const, Function, Instance, Object
from keras_memlint.analysis.pipelines.drawing import ON_BATCH, conditions
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

CHECKPOINT = "tf.train.Checkpoint.save"  # it numbers its files by itself
_WEIGHTS = ("keras.Model.save_weights", "?.save_weights")
_MODELS = ("keras.Model.save", "keras.models.save_model", "keras.saving.save_model")
# Words of a script that may remove files again.
_REMOVES = frozenset(
    [
        "CheckpointManager",
        "TemporaryDirectory",
        "max_to_keep",
        "mkdtemp",
        "move",
        "remove",
        "rename",
        "rmtree",
        "system",
        "unlink",
    ]
)
# A condition that holds once in so many turns: `(epoch + 1) % 5 == 0`.
_EVERY = re.compile(r"\(?\s*[\w.]+\s*(?:[-+]\s*\d+\s*)?\)?\s*%\s*([\w.]+)\s*==\s*[\w.]+(?:\s*-\s*\d+)?")
_HOOK = "on_epoch_end"


@dataclass(frozen=True, slots=True)
class Saved:
    """A ``call`` that leaves one more file each time. ``loop`` makes it, None where a callback does after each epoch.

    ``files`` is how many there will be and ``most`` how many at most, None when that is not known. ``whole``: each holds the optimizer's state.
    """

    call: Call
    loop: Loop | None
    model: Model | None
    files: int | None
    most: int | None
    whole: bool


def saved(script: Script) -> Iterator[Saved]:
    """The calls that leave a file for each of many turns of a training, of which none is removed, in order of the kinds."""
    calls = [
        call
        for call in script.calls(CHECKPOINT, *_WEIGHTS, *_MODELS)
        if script.own(call.node) and not call.star
    ]
    if not calls or script.words_among(_REMOVES) or script.uses("os.replace"):
        return
    for call in calls:
        asked = list(conditions(script, call))
        every = [_EVERY.fullmatch(test.strip()) for test in asked]
        if None in every or len(every) > 1:
            continue  # what is better than before, or was asked for
        loop = next((one for one in reversed(call.loops) if _varies(script, one, call)), None)
        if loop is not None and not _trains(script, loop, call):
            continue
        if loop is None and not _is_hook(call):
            continue
        step = every[0].group(1) if every and every[0] is not None else "1"
        turns = loop.trips if loop is not None and loop is call.loops[-1] else None
        known = step.isdigit() and int(step) > 0
        files = turns // int(step) if turns is not None and known else None
        model = call.receiver if isinstance(call.receiver, Model) else None
        yield Saved(call, loop, model, files, turns, _is_whole(call))


def _is_whole(call: Call) -> bool:
    if call.name == CHECKPOINT:
        made = call.receiver.call if isinstance(call.receiver, Object) else None
        return made is not None and any("opt" in name for name in made.kwargs)
    return call.name not in _WEIGHTS


def _trains(script: Script, loop: Loop, save: Call) -> bool:
    """Whether turns of ``loop`` go on with one training, rather than start another model each time."""
    made = save.receiver.call if isinstance(save.receiver, (Model, Object)) else None
    if made is not None and loop in made.loops:
        return False
    steps = False
    for call in script.all_calls:
        if loop in call.loops:
            if call.name.endswith((".fit", ".fit_generator")):
                epochs = call.given("epochs") and call.const("epochs") != 1
                if (
                    epochs
                    or made is None
                    or not isinstance(call.receiver, Model)
                    or call.receiver.call is not made
                ):
                    return False
                steps = True
            steps = steps or call.name == ON_BATCH[0] or call.name.endswith(".apply_gradients")
    return steps


def _varies(script: Script, loop: Loop, call: Call) -> bool:
    """Whether each turn of ``loop`` gives the file another name."""
    if call.name == CHECKPOINT:
        return True
    value = call.arg("filepath") or call.first()
    place = _path(call)
    return place is not None and not isinstance(value, Const) and _is_of_turn(script, loop, call, place)


def _path(call: Call) -> tree.Expr | None:
    at = 1 if call.name in _MODELS[1:] else 0
    named = call.argument_node("filepath")
    if named is not None:
        return named.value
    plain = [one for one in call.node.args if one.name is None]
    return plain[at].value if len(plain) > at else None


def _is_of_turn(script: Script, loop: Loop, call: Call, node: tree.Expr) -> bool:
    """Whether ``node``, a part of what ``call`` is given, holds what ``loop`` binds anew in each turn."""
    for name in _counting(node):
        function, caller = call.function, call.caller
        if caller is not None and loop in caller.loops and function is not None:
            given = _given(function, caller, name.id)
            if given is not None and _is_of_turn(script, loop, caller, given):
                return True
        elif script.rebinds(loop, name) and _changes(script, loop, name.id, {name.id}):
            return True
    return False


def _counting(node: tree.Expr) -> Iterator[tree.Name]:
    """The names in ``node`` but for those of which several values give the same: ``epoch % 2``, ``epoch < 50``."""
    waiting: list[tree.Node] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tree.Name):
            yield one
        few = isinstance(one, (tree.Compare, tree.Conditional)) or (
            isinstance(one, tree.Binary) and one.op in ("%", "//") and not isinstance(one.left, tree.Constant)
        )
        if not few:
            waiting += tree.children(one)


def _changes(script: Script, loop: Loop, name: str, seen: set[str]) -> bool:
    """Whether each turn of ``loop`` gives ``name`` another value: it counts, or is made of what does."""
    for use in script.names.uses(name):
        at = next((n for n, one in enumerate(use.around) if one is loop.node), None)
        if at is None or not use.is_bound:
            continue
        statement = next(one for one in use.around if isinstance(one, tree.Stmt))
        if statement is loop.node or isinstance(statement, (tree.AugAssign, tree.For)):
            return True
        value = statement.value if isinstance(statement, (tree.Assign, tree.AnnAssign)) else None
        for one in _counting(value) if value is not None else ():
            if one.id == name or one.id not in seen:
                if one.id == name or _changes(script, loop, one.id, seen | {one.id}):
                    return True
    return False


def _given(function: Function, caller: Call, name: str) -> tree.Expr | None:
    """What ``caller`` gives ``function`` for its parameter ``name``; None when that is not to be seen."""
    params = [one.name for one in function.node.params]
    if name not in params or any(one.star for one in caller.node.args):
        return None
    named = next((one.value for one in caller.node.args if one.name == name), None)
    plain = [one.value for one in caller.node.args if one.name is None]
    at = params.index(name) - (function.bound is not None)
    return named or (plain[at] if 0 <= at < len(plain) else None)


def _is_hook(call: Call) -> bool:
    """Whether a callback of the script's own makes ``call`` after each epoch, under a name with the epoch in it."""
    function = call.function
    if function is None or function.name != _HOOK or call.loops or call.caller is not None:
        return False
    params, owner = function.node.params, function.bound
    if len(params) < 2 or not isinstance(owner, Instance) or not _is_callback(owner.cls):
        return False
    place = _path(call)
    names = {one.id for one in _counting(place)} if place is not None else ()
    return params[1].name in names


def _is_callback(cls: Class) -> bool:
    return any(
        base.name.startswith("keras.callbacks.") if isinstance(base, Api) else _is_callback(base)
        for base in cls.bases
        if isinstance(base, (Api, Class))
    )
