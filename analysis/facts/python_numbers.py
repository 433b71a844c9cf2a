"""Python: numbers and strings."""

from __future__ import annotations

import re

from keras_memlint.analysis.abstract.calls import Call
from keras_memlint.analysis.abstract.joining import any_item
from keras_memlint.analysis.abstract.values import (
    UNKNOWN,
    Array,
    Bound,
    Const,
    Dataset,
    Items,
    Object,
    Origin,
    Scalar,
    Value,
    const,
)
from keras_memlint.analysis.facts.table import Gives, Machine, fact, table
from keras_memlint.analysis.syntax import tree

_DOCS = "Python library reference"
# Names of tokenizers that number the labels of a data set, which are few.
_LABELS = re.compile(r"categor|class|intent|label|tag", re.IGNORECASE)


def scalar(kind: str) -> Gives:
    """A number or string of which nothing else is known."""
    return lambda _call, _run: Scalar(kind)


def _len(call: Call, _run: Machine) -> Value:
    given = call.first()
    if isinstance(given, Items) and given.length is not None:
        return Const(given.length, origin=given.origin)
    if isinstance(given, Array) and given.shape and given.shape[0] is not None:
        return Const(given.shape[0], origin=given.origin)
    if isinstance(given, Dataset) and given.cardinality is not None:
        return Const(given.cardinality)
    found = const(given)
    if isinstance(found, (str, tuple, list)):
        return Const(len(found))
    return Scalar(
        "int", counts=True, words=_are_words(call, given), origin=Origin(call.node, "a length", given.origin)
    )


def _are_words(call: Call, value: Value) -> bool:
    """Whether ``value`` is what a Keras ``Tokenizer`` collects: a key for each word, not for each character or label."""
    if not isinstance(value, Bound) or value.name not in ("word_index", "index_word", "word_counts"):
        return False
    written = call.node.args[0].value if call.node.args else None
    if isinstance(written, tree.Attribute) and _LABELS.search(tree.last_name(written.value)):
        return False
    made = value.receiver.call if isinstance(value.receiver, Object) else None
    return made is None or made.const("char_level", False) is False


def _int(call: Call, _run: Machine) -> Value:
    found = const(call.first())
    if isinstance(found, str) and found.isdecimal() and len(found) < 16:
        return Const(int(found))
    if isinstance(found, (int, float)) and abs(found) < 1 << 53:
        return Const(int(found))
    given = call.first()
    replicas = given.replicas if isinstance(given, Scalar) else 0
    return Scalar("int", replicas=replicas, origin=given.origin)


def _float(call: Call, _run: Machine) -> Value:
    found = const(call.first())
    return Const(float(found)) if isinstance(found, (int, float)) else Scalar("float")


def _extreme(choose: object) -> Gives:
    def gives(call: Call, _run: Machine) -> Value:
        found = [const(arg) for arg in call.args]
        if len(found) > 1 and all(isinstance(f, (int, float)) for f in found):
            return Const(choose(found))  # type: ignore[operator]
        if len(call.args) > 1:
            return Scalar("int")
        element = any_item(call.args[0]) if call.args and isinstance(call.args[0], Items) else UNKNOWN
        lengths = isinstance(element, Scalar) and element.counts
        return Scalar("int", longest=True) if lengths and choose is max else UNKNOWN

    return gives


PYTHON_NUMBERS = table(
    fact("builtins.float", "x", _float, see=_DOCS),
    fact("builtins.int", "x", _int, see=_DOCS),
    fact("builtins.len", "obj", _len, see=_DOCS),
    fact("builtins.max", "", _extreme(max), see=_DOCS),
    fact("builtins.min", "", _extreme(min), see=_DOCS),
    fact(
        "builtins.str",
        "object",
        lambda c, _r: (
            c.first()
            if isinstance(c.first(), (Const, Scalar)) and not isinstance(const(c.first()), (int, float))
            else Scalar("str")
        ),
        see=_DOCS,
    ),
    fact("builtins.sum", "iterable", scalar("float"), see=_DOCS),
)
