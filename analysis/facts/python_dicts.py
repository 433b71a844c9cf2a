"""Python: dicts made of dicts, and what their methods put in, take out or give."""

from __future__ import annotations

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_entry, join
from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Dict, Items, Scalar, Value, const
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "Python library reference"


def _dict(call: Call, _run: Machine) -> Value:
    """``dict(other, key=value)``: a copy of another dict; of what else it is made, nobody knows the keys."""
    given = call.first() if call.args else None
    made = given.but() if isinstance(given, Dict) else Dict()
    made.entries.update(call.kwargs)
    return made


def _copy(call: Call, _run: Machine) -> Value:
    return call.receiver.but() if isinstance(call.receiver, Dict) else UNKNOWN


def _update(call: Call, _run: Machine) -> Value:
    known = call.receiver
    if isinstance(known, Dict):
        given = call.first() if call.args else None
        if isinstance(given, Dict):
            known.entries.update(given.entries)
            known.element = join(known.element, given.element)
        known.entries.update(call.kwargs)
    return Const(None)


def _pop(call: Call, _run: Machine) -> Value:
    """What ``d.pop(key)`` gives; the key is gone unless that is done in one branch alone."""
    found = _get(call, _run)
    key = const(call.first())
    if isinstance(call.receiver, Dict) and isinstance(key, (str, int, float, bool)) and not call.conditional:
        call.receiver.entries.pop(key, None)
    return found


def _get(call: Call, _run: Machine) -> Value:
    given = call.receiver
    key = const(call.first())
    if isinstance(given, Dict):
        if key is None:
            return any_entry(given)
        found = given.entries.get(key) if isinstance(key, (str, int, float, bool)) else None
        return found if found is not None else given.element
    return UNKNOWN


def _values(call: Call, _run: Machine) -> Value:
    given = call.receiver
    if isinstance(given, Dict):
        known = tuple(given.entries.values()) if given.length is not None else None
        element = given.element
        for value in given.entries.values() if known is None else ():
            element = join(element, value)
        return Items("list", known, element, given.length)
    return Items("list")


def _items(call: Call, _run: Machine) -> Value:
    given = call.receiver
    element: Value = UNKNOWN
    if isinstance(given, Dict):
        for value in given.entries.values():
            element = join(element, value)
        element = join(element, given.element)
    count = given.length if isinstance(given, Dict) else None
    return Items("list", None, Items("tuple", (Scalar("str"), element), length=2), count)


PYTHON_DICTS = table(
    fact("builtins.dict", "", _dict, see=_DOCS),
    fact("builtins.dict.copy", "", _copy, see=_DOCS),
    fact("builtins.dict.get", "key default", _get, see=_DOCS),
    fact("builtins.dict.items", "", _items, see=_DOCS),
    fact("builtins.dict.pop", "key default", _pop, see=_DOCS),
    fact("builtins.dict.update", "", _update, see=_DOCS),
    fact("builtins.dict.values", "", _values, see=_DOCS),
    fact("collections.OrderedDict", "", _dict, see=_DOCS),
    fact("collections.defaultdict", "default_factory", lambda c, _r: Dict(dict(c.kwargs)), see=_DOCS),
)
