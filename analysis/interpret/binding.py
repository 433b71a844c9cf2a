"""What names are bound to: parameters, the targets of loops and tuples, attributes and items that are assigned."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.networks import Layer, Model
from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Const,
    Dataset,
    Dict,
    Function,
    Instance,
    Items,
    Object,
    Scalar,
    Value,
)
from keras_memlint.analysis.facts.keras_utils import ITERATOR, drawn
from keras_memlint.analysis.interpret import model_attributes
from keras_memlint.analysis.syntax.tree import Parameter


def bind_parameters(
    function: Function, args: tuple[Value, ...], kwargs: dict[str, Value], scope: Scope
) -> None:
    """Bind a function's parameters in ``scope``; those not given have their defaults or are unknown."""
    names = scope.names
    remaining = list(args)
    for parameter in function.node.params:
        name = parameter.name
        if parameter.star == "*":
            names[name] = (
                Items("tuple", tuple(remaining), length=len(remaining)) if remaining else Items("tuple")
            )
            remaining = []
        elif parameter.star:
            names[name] = Dict(dict(kwargs)) if kwargs else Dict()
        elif remaining and parameter.kind != "keyword":
            names[name] = remaining.pop(0)
        elif name in kwargs:
            names[name] = kwargs[name]
        else:
            default = function.defaults.get(name, UNKNOWN)
            names[name] = UNKNOWN if isinstance(default, Const) and default.value is None else default


def refusal(name: str, params: Sequence[Parameter], given: int, words: AbstractSet[str]) -> str:
    """Why Python raises TypeError at a call of ``name`` with ``given`` arguments by position and ``words``; empty if not."""
    places = [one for one in params if not one.star and one.kind != "keyword"]
    taken = {one.name for one in places[:given]}
    if given > len(places) and not any(one.star == "*" for one in params):
        most = f"{len(places)} argument{'' if len(places) == 1 else 's'}"
        return f"`{name}` takes at most {most} by position and gets {given}"
    by_word = {one.name for one in params if not one.star and one.kind != "positional"}
    if words - by_word and not any(one.star == "**" for one in params):
        return f"`{name}` has no parameter `{min(words - by_word)}`"
    if words & taken & by_word:
        return f"`{name}` gets `{min(words & taken & by_word)}` twice"
    missing = [one.name for one in params if not one.star and one.default is None and one.name not in taken]
    missing = [one for one in missing if one not in words]
    return f"`{name}` is called without `{missing[0]}`" if missing else ""


def iterate(value: Value) -> tuple[Value, int | None]:
    """What a loop over ``value`` binds, and how often it turns when that is known."""
    if isinstance(value, Items):
        return any_item(value), value.length
    if isinstance(value, Array):
        if value.kind in ("frame",):
            return Scalar("str"), None
        return value.sample(), value.length
    if isinstance(value, Dataset):
        return value.drawn, value.cardinality
    if isinstance(value, Dict):
        return Scalar("str"), value.length
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)):
        return Scalar("str"), len(value.value)
    if isinstance(value, Const) and isinstance(value.value, (tuple, list)):
        return UNKNOWN, len(value.value)
    if isinstance(value, Object) and value.api == ITERATOR and value.call is not None:
        return drawn(value.call, value.call.node), None
    if isinstance(value, Instance):
        return value.drawn(), None
    return UNKNOWN, None


def unpack(value: Value, parts: int) -> list[Value]:
    """The values a tuple of ``parts`` targets is bound to."""
    if isinstance(value, Items):
        if value.items is not None and len(value.items) == parts:
            return list(value.items)
        if value.items is None:
            return [value.element] * parts
    if isinstance(value, Array):
        return [iterate(value)[0]] * parts
    if isinstance(value, Const) and isinstance(value.value, (tuple, list)) and len(value.value) == parts:
        return [Const(part) for part in value.value]
    return [UNKNOWN] * parts


def set_attribute(owner: Value, name: str, value: Value) -> None:
    """``owner.name = value`` on a library's object."""
    if isinstance(owner, (Model, Layer)):
        model_attributes.set_attribute(owner, name, value)


def fill(array: Array, value: Value, in_loop: bool) -> None:
    """``array[…] = value``: an array filled in a loop with what files hold is like a list of it."""
    if array.kind == "frame" and array.shape:
        array.shape = (array.shape[0], None)  # a column more, perhaps
    if isinstance(value, Array) and value.source == "disk" and in_loop and array.source in ("made", ""):
        if value.pixels or not value.part:
            array.source = "list"
            array.pixels = array.pixels or value.pixels
    elif isinstance(value, Array) and value.source in ("list", "disk"):
        array.source = array.source if array.source not in ("made", "") else value.source
