"""What becomes of a value that a function gives back: where its calls stand, in the script and in files that import it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.projects.importers import ANY
from keras_memlint.analysis.reach.uses import Names, names_of
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.syntax.parse import Parsed

_WORD = re.compile(r"\w+")
_STRING = 200  # characters of a string that may be code


@dataclass(frozen=True, slots=True)
class _Given:
    """What a function gives back: all of it, or the part ``at`` of a tuple of ``length``."""

    function: str
    at: int | None
    length: int


def goes_to(script: Script, node: tree.Node) -> tuple[tree.Expr, ...] | None:
    """What ``node`` in a ``return`` becomes in the script; None where that cannot be followed, or something else has it.

    Only functions of the module itself are followed, and parts of the tuples that they give back.
    """
    given = _given_by(script.names.around(node), node)
    project = script.project
    files = project.importers(given.function) if given is not None and not project.is_installed else None
    if given is None or files is None or _is_redefined(script.parsed, given.function):
        return None
    if ANY in (project.imported_words or ()):
        return None  # a name that is put together may be its name
    for path in files:
        parsed = project.statements_of(path)
        if parsed is None or parsed.broken:
            return None
        names = names_of(parsed.statements)
        found = _results(parsed, names, given)
        if found is None or any(
            _is_loaded(one, names) or project.importers(one.id, path) != []
            for one in found
            if isinstance(one, tree.Name)
        ):
            return None
        if any(not isinstance(one, tree.Name) for one in found):
            return None
    return _results(script.parsed, script.names, given)


def _given_by(around: tuple[tree.Node, ...], node: tree.Node) -> _Given | None:
    """How a function at the top of a module gives ``node`` back; None for every other place."""
    at, length = None, 0
    if isinstance(around[0], tree.Sequence):
        elements = around[0].elements
        if any(isinstance(one, tree.Starred) for one in elements):
            return None
        at, length = next(n for n, one in enumerate(elements) if one is node), len(elements)
        around = around[1:]
    definitions = [one for one in around if isinstance(one, (tree.FunctionDef, tree.ClassDef, tree.Lambda))]
    if not isinstance(around[0], tree.Return) or len(definitions) != 1:
        return None
    function = definitions[0]
    if not isinstance(function, tree.FunctionDef) or function.decorators or function.is_generator:
        return None
    return _Given(function.name, at, length)


def _is_redefined(parsed: Parsed, name: str) -> bool:
    definitions = (
        one for one in tree.below(parsed.statements) if isinstance(one, (tree.FunctionDef, tree.ClassDef))
    )
    return bool(parsed.broken) or sum(one.name == name for one in definitions) > 1


def _results(parsed: Parsed, names: Names, given: _Given) -> tuple[tree.Expr, ...] | None:
    """What each call of the function gives, or the names that the part is bound to; None when it has other uses."""
    found: list[tree.Expr] = []
    for mention in _mentions(parsed, given.function):
        around = names.around(mention)
        call = around[0] if around else None
        if isinstance(mention, tree.Alias):
            if mention.asname not in (None, given.function):
                return None
            continue
        if not isinstance(call, tree.Call) or call.func is not mention:
            return None
        if isinstance(around[1], tree.ExprStmt):
            continue
        parts = (call,) if given.at is None else _part(given, call, around[1])
        if parts is None:
            return None
        found += parts
    return tuple(found)


def _mentions(parsed: Parsed, name: str) -> Iterator[tree.Node]:
    for node in tree.below(parsed.statements):
        if isinstance(node, tree.Name):
            known = node.id
        elif isinstance(node, (tree.Alias, tree.Attribute)):
            known = node.name
        elif isinstance(node, tree.Constant) and isinstance(node.value, str) and len(node.value) < _STRING:
            known = name if name in _WORD.findall(node.value) else ""
        else:
            continue
        if known == name:
            yield node


def _part(given: _Given, call: tree.Call, outer: tree.Node) -> tuple[tree.Expr, ...] | None:
    """What the part of a tuple is bound to by ``a, b = f()``, or is of ``f()[0]``; None for what else is done with it."""
    if isinstance(outer, tree.Subscript) and outer.value is call and len(outer.items) == 1:
        index = outer.items[0]
        known = index.value if isinstance(index, tree.Constant) else None
        return ((outer,) if known == given.at else ()) if isinstance(known, int) else None
    target = outer.targets[0] if isinstance(outer, tree.Assign) and len(outer.targets) == 1 else None
    if not isinstance(target, tree.Sequence) or len(target.elements) != given.length or given.at is None:
        return None
    if any(isinstance(one, tree.Starred) for one in target.elements):
        return None
    bound, later = target.elements[given.at], target.elements[given.at + 1 :]
    if not isinstance(bound, tree.Name):
        return None
    again = any(isinstance(one, tree.Name) and one.id == bound.id for one in later)
    return () if again else (bound,)


def _is_loaded(name: tree.Name, names: Names) -> bool:
    """Whether a name may be read in its module."""
    if name.id in names.otherwise_bound:
        return True
    return any(not use.is_bound for use in names.uses(name.id))
