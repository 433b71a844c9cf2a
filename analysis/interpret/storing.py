"""What an assignment changes: a name, a tuple of targets, an attribute or an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Fill, Holding, Setting
from keras_memlint.analysis.abstract.joining import any_item, choose, join
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.scopes import Binding, Scope
from keras_memlint.analysis.abstract.values import (
    Api,
    Array,
    Class,
    Dict,
    Instance,
    Items,
    Object,
    Shape,
    Value,
    const,
)
from keras_memlint.analysis.facts.arguments import shape_of
from keras_memlint.analysis.facts.numpy_shaping import cannot_be, solve
from keras_memlint.analysis.interpret import binding, model_attributes
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def store(run: Interpreter, target: tree.Expr, value: Value, scope: Scope, statement: tree.Node) -> None:
    """Bind ``target`` to ``value``: a name, a tuple of targets, an attribute or an item."""
    if isinstance(target, tree.Name):
        scope.bind(target.id, value)
        if isinstance(value, Array):
            run.bindings.append(Binding(target, value, run.loops, run.function, run.order))
    elif isinstance(target, tree.Sequence):
        parts = binding.unpack(value, len(target.elements))
        for element, part in zip(target.elements, parts, strict=True):
            store(
                run, element.value if isinstance(element, tree.Starred) else element, part, scope, statement
            )
    elif isinstance(target, tree.Attribute):
        owner = run.eval(target.value, scope)
        if isinstance(owner, Array) and target.name == "shape" and isinstance(target.value, tree.Name):
            scope.bind(target.value.id, _reshaped(owner, shape_of(value)))
        _store_attribute(run, owner, target.name, value)
    elif isinstance(target, tree.Subscript):
        owner = run.eval(target.value, scope)
        keys = tuple([run.eval(item, scope) for item in target.items])
        _store_item(run, owner, keys, value, target)


def _store_attribute(run: Interpreter, owner: Value, name: str, value: Value) -> None:
    if isinstance(owner, Instance):
        before = owner.attributes.get(name)
        owner.attributes[name] = value if before is None or not run.branches else choose(before, value)
    elif isinstance(owner, Class):
        owner.scope.names[name] = value
    elif isinstance(owner, Object):
        owner.state[name] = value
    else:
        if name == "trainable" and not _is_sure(run, owner, value):
            run.freezes_some = True
            if run.branches:
                model_attributes.note_choice(owner)
        binding.set_attribute(owner, name, value)


def _reshaped(array: Array, wanted: Shape | None) -> Array:
    """``array`` after ``array.shape = wanted``; calls before have seen it as it was."""
    return array.but(shape=None if cannot_be(array.shape, wanted) else solve(array.shape, wanted))


def _is_sure(run: Interpreter, owner: Value, value: Value) -> bool:
    """Whether it is known which layers ``owner.trainable = value`` is about, and that it is done."""
    if run.branches or not isinstance(const(value), bool) or not isinstance(owner, (Layer, Model)):
        return False
    in_turns = bool(run.loops) and not run.loops[-1].unrolled
    return not in_turns and not (isinstance(owner, Layer) and model_attributes.is_some_of_head(owner))


def _store_item(
    run: Interpreter, owner: Value, keys: tuple[Value, ...], value: Value, target: tree.Subscript
) -> None:
    key = const(keys[0]) if len(keys) == 1 else None
    if isinstance(owner, Api) and owner.name == "os.environ":
        run.order += 1
        run.environment.append(
            Setting(str(key), value, target, run.order, run.led_to(target), run.function, run.branches > 0)
        )
    elif isinstance(owner, Dict):
        if isinstance(key, (str, int, float, bool, bytes)):
            owner.entries[key] = value
            owner.stored = run.order
        else:
            owner.element = join(owner.element, value)
            run.holdings.append(
                Holding(target, value, None, run.loops, run.function, run.led_to(target), run.branches > 0)
            )
    elif isinstance(owner, Items):
        owner.element = join(any_item(owner), value)
        owner.items = None
    elif isinstance(owner, Array):
        binding.fill(owner, value, bool(run.loops))
        run.fills.append(Fill(target, owner, value, run.loops, run.streamed > 0, run.led_to(target)))
