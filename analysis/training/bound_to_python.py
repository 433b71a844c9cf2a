"""Steps of a training that no graph could take: Python needs values of tensors in them, or in the functions they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.values import Array, Items, UnknownValue, Value
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

# What a value may be read for without the step being in need of it, and what may be around it there.
_SHOWS = ("append", "assign", "info", "print", "scalar", "set_description", "set_postfix", "write")
_FORMATS = ("float", "format", "int", "item", "mean", "numpy", "round", "str", "sum")
# Libraries that work on values only, and those that work on Python's numbers as well.
_ON_VALUES = ("PIL.", "cv2.", "librosa.", "pandas.", "scipy.", "skimage.", "sklearn.")
_ON_NUMBERS = ("math.", "numpy.")
# What a tensor tells without having a value.
_SHAPES = frozenset(["dtype", "get_shape", "name", "ndim", "shape"])
_KERAS_BASES = ("keras.Layer", "keras.Model", "keras.layers.", "keras.losses.", "keras.models.")


def values_read(step: tree.Node) -> list[tree.Call]:
    """Where ``step`` asks tensors for their values."""
    calls = [node for node, _ in tree.walk(step) if isinstance(node, tree.Call)]
    made = tree.bound_names(step) if isinstance(step, tree.Stmt) else frozenset()
    return [node for node in calls if _reads_value(node, made)]


def _reads_value(node: tree.Call, made: frozenset[str]) -> bool:
    """Whether it is ``x.numpy()`` or ``x.item()``, or ``float(x)`` of something that the step has ``made``."""
    if not node.args:
        return tree.last_name(node.func) in ("numpy", "item") and isinstance(node.func, tree.Attribute)
    given = node.args[0].value
    plain = isinstance(node.func, tree.Name) and node.func.id in ("bool", "float", "int")
    return plain and isinstance(given, tree.Name) and given.id in made


def needs_values(script: Script, step: tree.Node) -> bool:
    """Whether Python goes on with values of tensors in ``step``, rather than to show, keep or return them.

    Also where a function that it calls does, or a layer of the script's own that is made, in whichever model. What a
    function returns counts even where the step only shows it: the function could not ask for it in a graph. And where
    functions call themselves, as they do over trees: a graph is made for one tree.
    """
    return any(_needs(script, node, inner=node is not step) for node in _run_by(script, step))


def _needs(script: Script, node: tree.Node, *, inner: bool) -> bool:
    """Whether the function or statement ``node`` itself does; ``inner``: a step calls it, and goes on with what it returns."""
    if any(not _is_shown(script, one, inner) for one in values_read(node)):
        return True
    return any(
        _recurs(call) or (_takes_values(call, node) and not _is_shown(script, call.node, inner))
        for call in _calls_in(script, node)
    )


def _run_by(script: Script, step: tree.Node) -> list[tree.Node]:
    """``step`` and the functions that it leads to, in other modules, too; with the ``call`` of layers that are made."""
    layers = (one.cls for one in script.instances if (one.cls.api_base() or "").startswith(_KERAS_BASES))
    made = (cls for cls in layers if any(script.calls(f"class {cls.node.name}")))
    calls = [found.node for found in (cls.method("call") for cls in made) if found is not None]
    found: dict[int, tree.Node] = {}
    waiting: list[tree.Node] = [*calls, step]
    while waiting:
        node = waiting.pop()
        if id(node) not in found:
            found[id(node)] = node
            waiting += [one.callee.node for one in _calls_in(script, node) if one.callee is not None]
    return list(found.values())


def _calls_in(script: Script, node: tree.Node) -> list[Call]:
    """The calls that stand in ``node``, each time they were evaluated."""
    inside = (one for one in tree.below([node]) if isinstance(one, tree.Call))
    return [call for one in inside for call in script.evaluations(one)]


def _recurs(call: Call) -> bool:
    """Whether it calls a function that led to it."""
    called = call.callee
    return called is not None and any(
        one.function is not None and one.function.node is called.node for one in call.led_by()
    )


def _takes_values(call: Call, node: tree.Node) -> bool:
    """Whether ``call`` is one of a library that knows nothing of tensors without values, and is given some in ``node``."""
    if call.name.startswith(_ON_VALUES):
        return bool(call.node.args)
    if not call.name.startswith(_ON_NUMBERS):
        return False
    made = tree.bound_names(node) if isinstance(node, tree.Stmt) else frozenset()
    if isinstance(node, tree.FunctionDef):
        made |= {parameter.name for parameter in node.params}
    given = (one.value for one in call.node.args)
    return any(
        _may_be_tensor(value) and _is_made_of(syntax, made)
        for value, syntax in zip(call.args, given, strict=False)
    )


def _may_be_tensor(value: Value) -> bool:
    if isinstance(value, Items) and value.items:
        return any(map(_may_be_tensor, value.items))
    return isinstance(value, (Array, Items, UnknownValue))


def _is_made_of(node: tree.Expr, made: frozenset[str]) -> bool:
    """Whether ``node`` reads a name of ``made``, and not only for its shape."""
    inside = [one for one, _ in tree.walk(node)]
    if any(isinstance(one, tree.Attribute) and one.name in _SHAPES for one in inside):
        return False
    return any(isinstance(one, tree.Name) and one.id in made for one in inside)


def _is_shown(script: Script, node: tree.Call, inner: bool) -> bool:
    """Whether the value that ``node`` asks for is only shown, kept or returned, perhaps in another form."""
    for outer in script.names_in(node).around(node):
        if isinstance(outer, tree.Stmt):
            return isinstance(outer, tree.Return) and not inner
        if isinstance(outer, tree.Call):
            called = tree.last_name(outer.func)
            if called in _SHOWS or called not in _FORMATS:
                return called in _SHOWS
    return False
