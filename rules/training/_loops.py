"""Loops that go on with one model: what rules about training in turns share."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import Loop
from keras_memlint.analysis.abstract.values import Dict, Items, Value
from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree


def same_model(script: Script, call: Call, loop: Loop) -> bool:
    """Whether ``call``, a method of a model, is of one model in all turns of ``loop``, and these are more than two."""
    model, func = call.receiver, call.node.func
    if not isinstance(model, Model) or model.call is None or not isinstance(func, tree.Attribute):
        return False
    if loop.kind not in ("for", "while") or (loop.trips is not None and loop.trips <= 2):
        return False
    made = model.call.loops
    if loop in made or any(one not in call.loops for one in made):
        return False
    return not script.rebinds(loop, func.value) and not _has_model(loop.iter)


def _has_model(value: Value, depth: int = 2) -> bool:
    """Whether what a loop goes through are models, or tuples with one."""
    if isinstance(value, Model):
        return True
    if depth == 0 or not isinstance(value, (Items, Dict)):
        return False
    inside = value.entries.values() if isinstance(value, Dict) else value.items or (value.element,)
    return any(_has_model(one, depth - 1) for one in inside)
