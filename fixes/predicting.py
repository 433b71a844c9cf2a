"""A model that is called as a function, asked by ``predict`` instead."""

from __future__ import annotations

from keras_memlint.analysis.script import Script
from keras_memlint.analysis.syntax import tree
from keras_memlint.fixes.calls import append_argument
from keras_memlint.fixes.edits import Edit


def called_as_predict(script: Script, call: tree.Call) -> tuple[Edit, ...] | None:
    """``model(x).numpy()`` becomes ``model.predict(x, verbose=0)``, as does ``np.argmax(model(x))`` inside its brackets.

    None where the result, an array then, may have to be a tensor; and where more than ``training=False`` is asked for.
    """
    func = call.func
    if not script.own(call) or not isinstance(func, (tree.Name, tree.Attribute)) or not call.args:
        return None
    first, *more = call.args
    if first.name is not None or first.star or len(more) > 1 or any(not _is_false(one) for one in more):
        return None
    end = script.place(func).end
    if more:
        place = script.place(more[0])
        quiet: Edit | None = Edit(place.start, place.end, "verbose=0")
    else:
        quiet = append_argument(script, call, "verbose=0")
    taken = _as_array(script, call)
    if quiet is None or taken is None:
        return None
    return (Edit(end, end, ".predict"), quiet, *taken)


def _is_false(argument: tree.Argument) -> bool:
    value = argument.value
    return argument.name == "training" and isinstance(value, tree.Name) and value.id == "False"


def _as_array(script: Script, call: tree.Call) -> tuple[Edit, ...] | None:
    """The edits that make the result an array no longer; None when it is not made one where it stands."""
    outer = script.names.around(call)
    if len(outer) < 2:
        return None
    parent, grandparent = outer[:2]
    if isinstance(parent, tree.Attribute) and parent.name == "numpy" and isinstance(grandparent, tree.Call):
        start, end = script.call_end(call), script.call_end(grandparent)
        plain = script.source.text[start:end].replace(" ", "") == ".numpy()"
        return (Edit(start, end, ""),) if plain else None
    if isinstance(parent, tree.Argument) and isinstance(grandparent, tree.Call):
        return () if script.called(grandparent).startswith("numpy.") else None
    return None
