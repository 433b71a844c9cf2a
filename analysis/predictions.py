"""Calls of ``predict``, and of ``evaluate``, that a loop makes again and again, each for one sample or one small batch.

One call of ``predict`` takes 60 to 100 ms for what stands around its batches, whatever their number: measured with
TensorFlow 2.21 for 1 to 1,024 rows of a small network on two cores. ``predict_on_batch`` takes 0.4 to 30 ms in all for
at most 256 rows of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis import tree
from keras_memlint.analysis.calls import Call
from keras_memlint.analysis.drawing import ON_BATCH, conditions, trains_longer
from keras_memlint.analysis.fits import Fit
from keras_memlint.analysis.repeating import event_handler
from keras_memlint.analysis.scopes import FEW_TURNS, Loop, counter_of, trips_of
from keras_memlint.analysis.uses import target_of, uses_of
from keras_memlint.analysis.values import UNKNOWN, Array, Items, Model, UnknownValue, Value

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_LARGEST = 256  # rows of what is still called a small batch
_EVERY = re.compile(r"%\s*(\d+)?")
_AT = re.compile(r"==\s*\d+\s*$")


class Repeated(NamedTuple):
    """``fit`` is the prediction that ``loop`` makes each turn; ``rows`` how many samples it has, None when unknown.

    ``loop`` is None where it is made at each event, as `event_handler` says. ``part``: they are a piece of something
    larger. ``whole``: ``predict`` makes one batch of them.
    """

    fit: Fit
    loop: Loop | None
    rows: int | None
    part: bool
    whole: bool


def repeated(script: Script) -> Iterator[Repeated]:
    """Predictions of one sample or one small batch in a loop with more than a few turns, once for each place.

    And evaluations of a batch that was just trained on.
    """
    places_of: dict[int, list[Fit]] = {}
    for fit in script.fits:
        if fit.method == "predict" and fit.model is not None:
            places_of.setdefault(id(fit.call.node), []).append(fit)
    for fits in places_of.values():
        found = [one for fit in fits if fit.call.loops for one in _repeated(script, fit, fits)]
        found = found or [one for fit in fits if not fit.call.loops for one in _at_events(script, fit)]
        if found:
            least = min(found, key=lambda one: one.rows or _LARGEST)
            yield least._replace(whole=all(one.whole for one in found) and _always_small(script, fits))
    yield from _evaluated(script)


def _repeated(script: Script, fit: Fit, others: list[Fit]) -> Iterator[Repeated]:
    """What ``fit``, one evaluation of a call, is. ``others`` are all of them."""
    x, loop = fit.x, fit.call.loops[-1]
    counter = counter_of(loop)
    if _turns_little(script, fit) or any(
        _is_rare(one) or _is_one_turn(one, counter) for one in conditions(script, fit.call)
    ):
        return
    alone = next((one for one in others if one.call.caller is None and not one.call.loops), None)
    if alone is not None and (isinstance(x, UnknownValue) or (isinstance(x, Array) and x.shape is None)):
        x = alone.x  # the function itself makes it so, whatever it is given
    rows, part = _size(script, fit, x)
    found = Repeated(fit, loop, rows, part, rows is not None and rows <= _batch_size(fit))
    if rows == 1 or (rows is None and part):
        yield found
    elif rows is None or rows <= _LARGEST:
        small = found.whole or part or _is_one_batch(script, fit, rows)
        if (
            small
            and not trains_longer(script, loop)
            and not any(map(_AT.search, conditions(script, fit.call)))
        ):
            yield found


def _evaluated(script: Script) -> Iterator[Repeated]:
    """Calls of ``evaluate`` on the batch that ``train_on_batch`` gets in the same turn of a loop, in order."""
    trained = [call for call in script.calls("keras.Model.train_on_batch") if call.loops]
    calls = script.calls("keras.Model.evaluate", "?.evaluate") if trained else ()
    for call in calls:
        if not call.loops or not script.own(call.node) or any(conditions(script, call)):
            continue
        same = next(
            (one for one in trained if one.loops == call.loops and _are_alike(script, one, call)), None
        )
        model = same.receiver if same is not None else None
        fit = Fit(call, "evaluate", model if isinstance(model, Model) else None, call.first(), UNKNOWN)
        if fit.model is not None and not _turns_little(script, fit):
            yield Repeated(fit, call.loops[-1], None, False, False)


def _are_alike(script: Script, one: Call, other: Call) -> bool:
    """Whether the same is written before and first in the brackets of both calls, and the loop makes it in each turn."""
    if not script.own(one.node) or not one.node.args or not other.node.args:
        return False
    given = other.node.args[0].value
    made = any(
        isinstance(node, tree.Name) and script.rebinds(other.loops[-1], node) for node, _ in tree.walk(given)
    )
    return made and all(
        script.text(a) == script.text(b)
        for a, b in ((one.node.args[0].value, given), (_owner(one.node), _owner(other.node)))
    )


def _owner(node: tree.Call) -> tree.Expr:
    return node.func.value if isinstance(node.func, tree.Attribute) else node.func


def _at_events(script: Script, fit: Fit) -> Iterator[Repeated]:
    """``fit`` where it predicts one sample at each event."""
    if event_handler(fit.call) is None:
        return
    rows, part = _size(script, fit, fit.x)
    if rows == 1:
        yield Repeated(fit, None, rows, part, rows <= _batch_size(fit))


def _always_small(script: Script, fits: list[Fit]) -> bool:
    """Whether ``predict`` never makes more than one batch; who calls a function may give it more than its own loop."""
    return all(
        (rows := _size(script, fit, fit.x)[0]) is not None and rows <= _batch_size(fit)
        for fit in fits
        if fit.call.caller is not None or not isinstance(fit.x, UnknownValue)
    )


def _batch_size(fit: Fit) -> int:
    return max(fit.batch_size or 1, 1)


def _turns_little(script: Script, fit: Fit) -> bool:
    """Whether its loop is known to turn a few times only, or makes another model each turn."""
    loop, made = fit.call.loops[-1], fit.model.call if fit.model is not None else None
    if made is not None and script.is_kept(made):
        if any(one.conditional and loop in one.loops for one in made.led_by()):
            made = None  # in the first turn only
    if isinstance(loop.node, (tree.For, tree.While)) and _is_left(script, fit.call.node, loop.node):
        return True
    if any(call.loops and call.loops[-1] is loop for call in script.calls("builtins.input")):
        return True  # somebody types something at each turn
    turned = [one for one in fit.call.loops if made is None or one not in made.loops]
    if loop not in turned:
        return True
    return loop.trips is not None and loop.trips < FEW_TURNS and (trips_of(turned) or 0) < FEW_TURNS


def _is_left(script: Script, node: tree.Call, loop: tree.For | tree.While) -> bool:
    """Whether ``loop`` ends at its first turn, or at the first that gets to ``node``."""
    if any(map(_leaves, loop.body)):
        return True
    around = script.names.around(node)
    if loop not in around:
        return False
    inner = [one for one in around[: around.index(loop)] if isinstance(one, tree.Stmt)]
    if inner and _leaves(inner[0]):
        return True
    return any(
        any(one is statement for one in block) and any(map(_leaves, block))
        for outer, statement in zip(inner[1:], inner, strict=False)
        for block in tree.blocks(outer)
    )


def _leaves(statement: tree.Stmt) -> bool:
    """Whether it ends the loop it stands in at the first turn."""
    return isinstance(statement, (tree.Return, tree.Raise)) or (
        isinstance(statement, tree.Jump) and statement.kind == "break"
    )


def _is_one_turn(condition: str, counter: str) -> bool:
    """Whether ``condition`` holds at single turns only, which are counted by ``counter``: ``step == 9``, ``i in (3, 7)``."""
    found = re.match(rf"{counter}\s*(?:==|in\s*[(\[{{])", condition) if counter else None
    return found is not None and re.search(r"\bor\b", condition) is None


def _is_rare(condition: str) -> bool:
    """Whether ``condition`` holds once in so many turns of a loop only, as ``step % 100 == 0`` does."""
    every = _EVERY.search(condition)
    return every is not None and (every[1] is None or int(every[1]) >= FEW_TURNS)


def _size(script: Script, fit: Fit, x: Value) -> tuple[int | None, bool]:
    """How many samples ``x`` holds, None when unknown, and whether they are a piece of something larger."""
    given = x.items or (x.element,) if isinstance(x, Items) and x.kind in ("list", "tuple") else (x,)
    arrays = [one for one in given if isinstance(one, Array)]
    rows = next((found for one in arrays if (found := _length(script, one)) is not None), None)
    if rows is None and x is fit.x:
        rows = _written(script, fit.call)
        if rows is not None:
            return rows, True
    return rows, any(one.part for one in arrays) or (rows is None and _is_first_asked(script, fit.call.node))


def _is_first_asked(script: Script, node: tree.Call) -> bool:
    """Whether nothing is asked of the predictions but the first: ``model.predict(x)[0]``, also by a name."""
    around = script.names.around(node)
    if around and _is_first(around[0], node):
        return True
    target = target_of(node, around)
    uses = uses_of(script, target.id) if isinstance(target, tree.Name) else None
    if uses is None:
        return False
    scope = next((one for one in around if isinstance(one, tree.FunctionDef)), None)
    read = [use for use in uses if not use.is_bound and use.scope is scope]
    return bool(read) and all(_is_first(use.around[0], use.node) for use in read)


def _is_first(outer: tree.Node, node: tree.Node) -> bool:
    """Whether ``outer`` is ``node[0]``."""
    if not isinstance(outer, tree.Subscript) or outer.value is not node:
        return False
    key = outer.items[0] if outer.items else None
    return isinstance(key, tree.Constant) and key.value == 0 and not isinstance(key.value, bool)


def _length(script: Script, array: Array) -> int | None:
    """The rows of ``array``: one where an axis was put before something nobody knows."""
    made = script.maker(array) if array.shape is None else None
    if made is not None and made.name == "numpy.expand_dims" and made.const("axis") == 0:
        return 1 if made.result.origin is array.origin else None
    return array.length


def _written(script: Script, call: Call) -> int | None:
    """The rows of ``x[:1]``, ``x[i : i + 1]``, ``x[None]`` or ``np.array([x])``, whatever ``x`` is; None for all else."""
    argument = call.argument_node("x")
    if argument is not None and isinstance(argument.value, tree.Call):
        return _rows_of_list(script, argument.value)
    if argument is None or not isinstance(argument.value, tree.Subscript) or not argument.value.items:
        return None
    key = argument.value.items[0]
    if isinstance(key, tree.Slice):
        if key.step is not None:
            return None
        start, stop = (0 if key.lower is None else _number(key.lower)), _number(key.upper)
        return stop - start if start is not None and stop is not None and stop > start else script.width(key)
    axis = isinstance(key, tree.Constant) and key.value is None
    return 1 if axis or (isinstance(key, tree.Attribute) and key.name == "newaxis") else None


def _rows_of_list(script: Script, call: tree.Call) -> int | None:
    """The elements of the list that ``np.array([a, b])`` makes an array of; None for other calls."""
    given = (
        call.args[0].value if call.args and script.called(call) in ("numpy.array", "numpy.asarray") else None
    )
    if not isinstance(given, tree.Sequence) or given.kind != "list":
        return None
    return len(given.elements) if not any(isinstance(one, tree.Starred) for one in given.elements) else None


def _number(node: tree.Expr | None) -> int | None:
    value = node.value if isinstance(node, tree.Constant) else None
    return value if isinstance(value, int) and value >= 0 else None


def _is_one_batch(script: Script, fit: Fit, rows: int | None) -> bool:
    """Whether a method that takes a single batch is given as many rows each turn, the same ones, or the prediction."""
    node, loop = fit.call.node, fit.call.loops[-1]
    origin = fit.x.origin if isinstance(fit.x, Array) else None
    for call in script.calls(*ON_BATCH):
        if loop not in call.loops:
            continue
        for one in (*call.args, *call.kwargs.values()):
            if not isinstance(one, Array):
                continue
            if rows is not None and one.length == rows:
                return True
            steps = list(one.origin.steps()) if one.origin is not None else []
            if any(step.node is node for step in steps) or (steps and steps[0] is origin):
                return True
    return False
