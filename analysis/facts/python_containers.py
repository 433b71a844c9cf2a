"""Python: methods of lists and strings."""

from __future__ import annotations

import re

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item, join
from keras_memlint.analysis.abstract.scopes import Growth
from keras_memlint.analysis.abstract.values import UNKNOWN, Const, Items, Scalar, Value, const, known_text
from keras_memlint.analysis.facts.python_iteration import any_of
from keras_memlint.analysis.facts.table import Machine, fact, table

_DOCS = "Python library reference"
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def _append(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if isinstance(items, Items) and call.args:
        grows = _repeats(call, items) or items.items is None
        items.grown.append(Growth(call.loops, call.conditional))
        if grows or items.items is None:
            items.element = (
                join(any_item(items), call.args[0]) if items.items or items.grown[:-1] else call.args[0]
            )
            items.items = None
            items.length = None
        else:
            items.items = (*items.items, call.args[0])
            items.length = len(items.items)
    return Const(None)


def _repeats(call: Call, items: Items) -> bool:
    """Whether a loop makes ``call`` an unknown number of times on the same list, rather than on one of each turn."""
    return any(not loop.unrolled for loop in call.loops if loop not in items.loops)


def _pop(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if not isinstance(items, Items):
        return UNKNOWN
    at = const(call.first()) if call.args else -1
    once = not call.conditional and not _repeats(call, items)
    if (
        once
        and items.items is not None
        and isinstance(at, int)
        and -len(items.items) <= at < len(items.items)
    ):
        rest = list(items.items)
        found = rest.pop(at)
        items.items, items.length = tuple(rest), len(rest)
        return found
    found = any_item(items)
    if items.items is not None:
        items.element, items.items = found, None
    items.length = None
    return found


def _extend(call: Call, _run: Machine) -> Value:
    items = call.receiver
    if isinstance(items, Items) and call.args:
        element, _ = any_of(call.args[0])
        items.grown.append(Growth(call.loops, call.conditional))
        items.element = join(any_item(items), element)
        items.items = items.length = None
    return Const(None)


def _clear(call: Call, _run: Machine) -> Value:
    if isinstance(call.receiver, Items):
        call.receiver.grown.clear()
    return Const(None)


def _formatted(call: Call, _run: Machine) -> Value:
    """The text around the fields stays, and doubled braces become single ones."""
    text = known_text(call.receiver)
    return Scalar("str", known=_FIELD.sub(lambda m: {"{{": "{", "}}": "}"}.get(m.group(), "…"), text))


def _joined(call: Call, _run: Machine) -> Value:
    given = call.first()
    items = given.items if isinstance(given, Items) else None
    if items is None:
        return Scalar("str")
    text = known_text(call.receiver).join(map(known_text, items))
    known = isinstance(call.receiver, Const) and all(isinstance(item, Const) for item in items)
    return Const(text) if known else Scalar("str", known=text)


PYTHON_CONTAINERS = table(
    fact("builtins.list.append", "object", _append, see=_DOCS),
    fact("builtins.list.clear", "", _clear, see=_DOCS),
    fact("builtins.list.pop", "index", _pop, see=_DOCS),
    fact("builtins.list.extend", "iterable", _extend, see=_DOCS),
    fact("builtins.list.tolist", "", lambda c, _r: c.receiver or UNKNOWN, see="pandas API reference, Series"),
    fact("builtins.str.format", "", _formatted, see=_DOCS),
    fact("builtins.str.join", "iterable", _joined, see=_DOCS),
    fact("builtins.str.split", "sep", lambda _c, _r: Items("list", None, Scalar("str")), see=_DOCS),
)
