"""Calls of ``predict``, and of ``evaluate``, that a loop makes again and again, each for one sample or one small batch.

One call of ``predict`` takes 60 to 100 ms for what stands around its batches, whatever their number: measured with
TensorFlow 2.21 for 1 to 1,024 rows of a small network on two cores. ``predict_on_batch`` takes 0.4 to 30 ms in all for
at most 256 rows of it. See ``benchmarks/evidence/km601_predict_in_loop.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.scopes import FEW_TURNS, Loop, counter_of, turns_of
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Dict,
    Items,
    Origin,
    UnknownValue,
    Value,
)
from keras_memlint.analysis.pipelines.drawing import ON_BATCH, conditions, trains_longer
from keras_memlint.analysis.reach.elsewhere import turned
from keras_memlint.analysis.reach.repeating import event_handler, request_handler
from keras_memlint.analysis.reach.uses import target_of, uses_of
from keras_memlint.analysis.reach.waiting import WAITING, waits
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Place
from keras_memlint.analysis.training.fits import Fit
from keras_memlint.analysis.training.loaders import is_loaded
from keras_memlint.analysis.training.one_sample import written

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_LARGEST = 256  # rows of what is still called a small batch
_EVERY = re.compile(r"%\s*(\d+)?")
_WRITES = re.compile(r"\.(?:fit|save|train|search|copy|move|download)")
_AT = re.compile(r"==\s*\d+\s*$")
# What changes a model, or which weights it has.
_LEARNS = tuple(
    f"keras.Model.{name}"
    for name in ("fit", "fit_generator", "train_on_batch", "set_weights", "load_weights")
)


class Repeated(NamedTuple):
    """``fit`` is the prediction that ``loop`` makes each turn; ``rows`` how many samples it has, None when unknown.

    ``loop`` is None where it is made at each event, as `event_handler` says, and where the loop stands in another file:
    ``elsewhere`` then. ``part``: they are a piece of something larger. ``whole``: ``predict`` makes one batch of them.
    ``learns``: the loop trains a model as well. ``request``: the event is a request of a web service.
    """

    fit: Fit
    loop: Loop | None
    rows: int | None
    part: bool
    whole: bool
    elsewhere: Place | None = None
    learns: bool = False
    request: bool = False


class _Size(NamedTuple):
    """How many samples there are, None when unknown, and whether they are a piece of something larger.

    ``sure``: they are so many even if what is sliced, which nobody knows, is no array.
    """

    rows: int | None
    part: bool
    sure: bool = True

    def fits(self, batch: int) -> bool:
        """Whether they are surely no more than one ``batch``."""
        return self.rows is not None and self.rows <= batch and self.sure


def repeated(script: Script) -> Iterator[Repeated]:
    """Predictions of one sample or one small batch in a loop with more than a few turns, once for each place.

    And evaluations of a batch that was just trained on.
    """
    places_of: dict[int, list[Fit]] = {}
    for fit in (*script.fits, *_old_predictions(script)):
        if fit.method.startswith("predict") and fit.model is not None:
            places_of.setdefault(id(fit.call.node), []).append(fit)
    for fits in places_of.values():
        found = [one for fit in fits if fit.call.loops for one in _repeated(script, fit, fits)]
        found = found or [one for fit in fits if not fit.call.loops for one in _at_events(script, fit)]
        found = found or [one for fit in fits if not fit.call.loops for one in _elsewhere(script, fit)]
        if found:
            least = min(found, key=lambda one: one.rows or _LARGEST)
            yield least._replace(whole=all(one.whole for one in found) and _always_small(script, fits))
    yield from _evaluated(script)


def _old_predictions(script: Script) -> Iterator[Fit]:
    """Calls of what predicts in TensorFlow before 2.6."""
    for method in ("predict_classes", "predict_proba"):
        for call in script.calls(f"keras.Model.{method}"):
            if isinstance(call.receiver, Model):
                yield Fit(call, method, call.receiver, call.arg("x") or call.first(), UNKNOWN)


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
    size = _size(script, fit, x)
    rows, part = size.rows, size.part
    if rows is None and isinstance(x, Array) and x.kind == "frame":
        return  # a chunk of a table, however large
    whole = size.fits(_batch_size(fit))
    found = Repeated(fit, loop, rows, part, whole, learns=_learns(script, loop))
    if rows == 1 or (rows is None and part):
        yield found
    elif rows is None or rows <= _LARGEST:
        small = whole or part or _is_one_batch(script, fit, rows)
        small = small or (is_loaded(script, fit) if rows is None else _trains(script, loop))
        if (
            small
            and not trains_longer(script, loop)
            and not any(map(_AT.search, conditions(script, fit.call)))
        ):
            yield found


def _learns(script: Script, loop: Loop) -> bool:
    """Whether each turn of ``loop`` trains, so that its predictions are not all of the same weights."""
    return any(loop in call.loops for call in script.calls(*_LEARNS)) or any(
        loop in call.loops for call in script.all_calls if call.name.endswith(".apply_gradients")
    )


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
    """``fit`` where it predicts one sample at each event, or at each request of a web service."""
    request = request_handler(fit.call) is not None
    if not request and event_handler(script, fit.call) is None:
        return
    size = _size(script, fit, fit.x)
    if size.rows == 1:
        yield Repeated(fit, None, 1, size.part, size.fits(_batch_size(fit)), request=request)


def _elsewhere(script: Script, fit: Fit) -> Iterator[Repeated]:
    """``fit`` where a loop of another file has it predict one sample in each turn, with the same model."""
    call, made = fit.call, fit.model.call if fit.model is not None else None
    if call.function is None or script.is_test or any(map(_is_rare, conditions(script, call))):
        return
    if made is not None and script.is_kept(made):
        made = None
    size = _size(script, fit, fit.x)
    found = turned(script, call, made) if size.rows == 1 else None
    if found is not None:
        yield Repeated(fit, None, 1, size.part, size.fits(1), found.place)


def _always_small(script: Script, fits: list[Fit]) -> bool:
    """Whether ``predict`` never makes more than one batch; who calls a function may give it more than its own loop."""
    return all(
        _size(script, fit, fit.x).fits(_batch_size(fit))
        for fit in fits
        if fit.call.caller is not None or not isinstance(fit.x, UnknownValue)
    )


def _batch_size(fit: Fit) -> int:
    return max(fit.batch_size or 1, 1)


def _turns_little(script: Script, fit: Fit) -> bool:
    """Whether its loop turns a few times only, as far as is known, or makes another model each turn."""
    loop, made = fit.call.loops[-1], fit.model.call if fit.model is not None else None
    if made is not None and script.is_kept(made):
        if any(one.conditional and loop in one.loops for one in made.led_by()):
            made = None  # in the first turn only
    if made is not None and _is_read_again(script, made, loop):
        made = None  # the same in each turn
    stands_in = script.names.around(fit.call.node)
    if isinstance(loop.node, (tree.For, tree.While)) and tree.is_left(loop.node, stands_in):
        return True
    if any(call.loops and call.loops[-1] is loop and waits(call) for call in script.calls(*WAITING)):
        return True  # somebody types something at each turn
    turned = [one for one in fit.call.loops if made is None or one not in made.loops]
    if loop not in turned:
        return True
    turns = turns_of(loop, stands_in)
    if turns is None or turns >= FEW_TURNS:
        return False
    if any(trains_longer(script, one) for one in turned) and not _trains(script, loop):
        return True  # a look at a few, after each epoch
    around = [turns_of(one, stands_in) for one in turned]
    # An outer loop of unknown length makes them few, too: it may be of a few rounds, with a look at a few in each.
    return prod(one or 0 for one in around) < FEW_TURNS


def _trains(script: Script, loop: Loop) -> bool:
    """Whether ``loop`` itself is the one that trains, batch by batch."""
    return any(call.loops and call.loops[-1] is loop for call in script.steps)


def _is_read_again(script: Script, made: Call, loop: Loop) -> bool:
    """Whether ``made`` reads a model from a file that is the same each time, and that ``loop`` writes no other to."""
    node = made.node.args[0].value if made.node.args else None
    if not made.name.endswith(".load_model") or node is None or not script.is_fixed(node):
        return False
    return not any(loop in one.loops and _WRITES.search(one.name) for one in script.all_calls)


def _is_one_turn(condition: str, counter: str) -> bool:
    """Whether ``condition`` holds at single turns only, which are counted by ``counter``: ``step == 9``, ``i in (3, 7)``."""
    found = re.match(rf"{counter}\s*(?:==|in\s*[(\[{{])", condition) if counter else None
    return found is not None and re.search(r"\bor\b", condition) is None


def _is_rare(condition: str) -> bool:
    """Whether ``condition`` holds once in so many turns of a loop only, as ``step % 100 == 0`` does."""
    every = _EVERY.search(condition)
    return every is not None and (every[1] is None or int(every[1]) >= FEW_TURNS)


def _size(script: Script, fit: Fit, x: Value) -> _Size:
    """How many samples ``x`` holds."""
    arrays = _arrays(x)
    rows = next((found for one in arrays if (found := _length(script, one)) is not None), None)
    if rows is None and x is fit.x:
        argument = fit.call.argument_node("x")
        said = written(script, argument.value) if argument is not None else None
        if said is not None:
            return _Size(said.number, True, said.sure)
    part = any(_is_part(script, one) for one in arrays) or (rows is None and _is_one_asked(script, fit.call))
    return _Size(rows, part)


def _arrays(x: Value) -> list[Array]:
    """The arrays of one or several inputs."""
    given: Iterable[Value] = (x,)
    if isinstance(x, Items) and x.kind in ("list", "tuple"):
        given = x.items or (x.element,)
    elif isinstance(x, Dict):
        given = x.entries.values()
    return [one for one in given if isinstance(one, Array)]


def _is_one_asked(script: Script, call: Call) -> bool:
    """Whether nothing is asked of the predictions but one: ``model.predict(x)[0]``, ``np.argmax(p)``, also by a name."""
    node, around = call.node, script.names.around(call.node)
    if around and _is_one(script, call, node, around):
        return True
    target = target_of(node, around)
    uses = uses_of(script, target.id) if isinstance(target, tree.Name) else None
    if uses is None:
        return False
    scope = next((one for one in around if isinstance(one, tree.FunctionDef)), None)
    read = [use for use in uses if not use.is_bound and use.scope is scope]
    return bool(read) and all(_is_one(script, call, use.node, use.around) for use in read)


def _is_one(script: Script, call: Call, node: tree.Expr, around: tuple[tree.Node, ...]) -> bool:
    """Whether ``around`` asks ``node``, the predictions of ``call``, for the first, or for the largest number in them all."""
    outer = around[0]
    if isinstance(outer, tree.Subscript) and outer.value is node:
        key = outer.items[0] if outer.items else None
        return isinstance(key, tree.Constant) and key.value == 0 and not isinstance(key.value, bool)
    asks = around[1] if isinstance(outer, (tree.Argument, tree.Attribute)) and len(around) > 1 else None
    if not isinstance(asks, tree.Call) or (call.loops and trains_longer(script, call.loops[-1])):
        return False
    if isinstance(outer, tree.Attribute):
        return outer.name in ("argmax", "item") and not asks.args
    return len(asks.args) == 1 and script.called(asks) in ("builtins.float", "builtins.int", "numpy.argmax")


def _length(script: Script, array: Array) -> int | None:
    """The rows of ``array``: one where an axis was put before something nobody knows."""
    made = _put_first(script, array)
    if made is not None:
        return 1 if made.result is array else None
    return array.length


def _is_part(script: Script, array: Array) -> bool:
    """Whether ``array`` is a piece of a larger one; not what an axis was put before and taken from again."""
    made = _put_first(script, array)
    if made is None or made.result is array or array.origin is None:
        return array.part
    since = list(takewhile(lambda step: step is not made.result.origin, array.origin.steps()))
    return array.part and bool(since) and not any(map(_is_first_taken, since))


def _is_first_taken(step: Origin) -> bool:
    """Whether it takes one element of the first axis away: ``x[0]``, ``x[-1]``."""
    node = step.node
    key = node.items[0] if isinstance(node, tree.Subscript) and node.items else None
    if isinstance(key, tree.Unary) and key.op == "-":
        key = key.operand
    return isinstance(key, tree.Constant) and isinstance(key.value, int)


def _put_first(script: Script, array: Array) -> Call | None:
    """The call that put an axis before something nobody knows, of which ``array`` was made; None for all else."""
    made = script.maker(array) if array.shape is None else None
    return made if made is not None and made.name == "numpy.expand_dims" and made.const("axis") == 0 else None


def _is_one_batch(script: Script, fit: Fit, rows: int | None) -> bool:
    """Whether a method that takes a single batch is given as many rows each turn, the same ones, or the prediction."""
    node, loop = fit.call.node, fit.call.loops[-1]
    origins = [one.origin for one in _arrays(fit.x) if one.origin is not None]
    for call in script.calls(*ON_BATCH):
        if loop not in call.loops:
            continue
        for one in (array for given in (*call.args, *call.kwargs.values()) for array in _arrays(given)):
            if rows is not None and one.length == rows:
                return True
            steps = list(one.origin.steps()) if one.origin is not None else []
            if any(step.node is node for step in steps) or (steps and steps[0] in origins):
                return True
    return False
