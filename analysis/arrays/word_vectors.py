"""Vectors of all words of a published file, read into a dict or by gensim, and whether a training still keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.calls import Holding
from keras_memlint.analysis.abstract.dtypes import itemsize
from keras_memlint.analysis.abstract.values import Array, Function, Object, Value, known_text
from keras_memlint.analysis.arrays.idle import by_scope, keeps_nothing, whole
from keras_memlint.analysis.facts.word_files import word_file
from keras_memlint.analysis.reach.uses import Use, target_of, uses_of
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.training.fits import Fit

# What the array of one word takes beside its numbers, and the word itself (CPython, 64 bits).
_ARRAY, _WORD = 112, 56
# Methods that hand on no more than one vector, and those that show all of them for as long as something holds the result.
_ONE, _ALL = ("get", "keys", "get_vector", "word_vec", "most_similar", "similarity"), ("values", "items")


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors of ``words`` words, ``bytes`` at least; ``node`` is where they are read from ``file``, ``made`` one use of
    the name that holds them.
    """

    node: tree.Expr
    made: tree.Name
    file: str
    words: int
    bytes: int
    function: Function | None

    @property
    def name(self) -> str:
        return self.made.id


def word_vectors(script: Script) -> Iterator[WordVectors]:
    """Those that a name of a function, or of the module, gets."""
    for holding in script.holdings:
        found = _in_dict(holding)
        if found is not None:
            yield found
    for call in script.calls("gensim."):
        if not call.name.endswith(".load_word2vec_format") or call.given("limit") or not call.args:
            continue
        known, target = (
            word_file(known_text(call.first())),
            target_of(call.node, script.names.around(call.node)),
        )
        if known is not None and isinstance(target, tree.Name):
            file, words, numbers = known
            size = words * (numbers * 4 + _WORD)
            yield WordVectors(call.node, target, file, words, size, call.function)


def _in_dict(holding: Holding) -> WordVectors | None:
    """The dict that a loop over all lines of a file fills with an array for each."""
    target, value = holding.node, holding.value
    if not isinstance(target, tree.Subscript) or not isinstance(target.value, tree.Name):
        return None
    if holding.conditional or not holding.loops or not isinstance(value, Array):
        return None
    loop = holding.loops[-1]
    known = word_file(_path(loop.iter))
    if known is None or not isinstance(loop.node, tree.For) or _leaves_out(loop.node):
        return None
    file, words, numbers = known
    size = words * (numbers * (itemsize(value.dtype or "") or 4) + _ARRAY + _WORD)
    return WordVectors(target, target.value, file, words, size, holding.function)


def _path(file: Value) -> str:
    """What is known of the path of an open file."""
    opened = file.call if isinstance(file, Object) and file.api == "builtins.file" else None
    return known_text(opened.arg("file")) if opened is not None else ""


def _leaves_out(loop: tree.For) -> bool:
    """Whether a loop may skip some lines, or end early."""
    return any(isinstance(node, tree.Jump) for node, _outer in tree.walk(loop))


def idle_vectors(script: Script, fit: Fit) -> Iterator[tuple[WordVectors, tree.Name]]:
    """Those of the function (or module) of ``fit`` that it is done with before ``fit`` and still holds.

    With each, the name in the assignment that binds it.
    """
    own = fit.call.function.node if fit.call.function is not None else None
    start = script.place(whole(fit.call.node, script.names.around(fit.call.node))).start
    for one in script.word_vectors:
        inside = one.function.node if one.function is not None else None
        if inside is own and script.own(one.node):
            bound = _bound(script, one, own, start)
            if bound is not None:
                yield one, bound


def _bound(script: Script, one: WordVectors, own: tree.Node | None, start: int) -> tree.Name | None:
    """Where the name is bound, if only once; None when it is read after the offset ``start``, or others hold the vectors."""
    uses = uses_of(script, one.name)
    if uses is None or not any(use.node is one.made for use in uses):
        return None
    groups = by_scope(uses)
    if not all(scope is own or any(use.is_bound for use in group) for scope, group in groups.items()):
        return None  # a function reads them, whenever it is called
    mine = groups.get(own, [])
    bound = [use.node for use in mine if use.is_bound]
    over = all(
        script.place(use.node).start < start and (use.is_bound or _takes_little(script, use)) for use in mine
    )
    return bound[0] if over and len(bound) == 1 else None


def _takes_little(script: Script, use: Use) -> bool:
    """Whether nothing holds all vectors because of ``use``: ``vectors[word]``, ``vectors.get(word)``, ``len(vectors)``."""
    one = use.around[0] if use.around else None
    if isinstance(one, tree.Subscript):
        return one.value is use.node
    if isinstance(one, tree.Attribute) and len(use.around) > 2:
        called, outer = use.around[1:3]
        if one.name in _ONE or one.name == "vocab":
            return True
        return one.name in _ALL and isinstance(called, tree.Call) and not isinstance(outer, tree.Assign)
    return keeps_nothing(script, use)
