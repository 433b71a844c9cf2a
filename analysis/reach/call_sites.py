"""What the calls of one file say without running it: what is called, on what, in which function, in which loop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from keras_memlint.analysis.abstract.scopes import FEW_TURNS
from keras_memlint.analysis.reach.repeating import ASKS, is_route, negates
from keras_memlint.analysis.reach.uses import Names, names_of
from keras_memlint.analysis.reach.waiting import is_said_to_wait
from keras_memlint.analysis.syntax import tree

# A test that holds at few turns, or when somebody presses a key.
_RARE = re.compile(r"%|==\s*(?:\d+\s*$|ord\()|\bkey\b", re.IGNORECASE)
_TRAINS = re.compile(r"fit|train|learn|optimi[sz]e|replay")
_PASSES_ON = frozenset(["enumerate", "reversed", "sorted", "tqdm", "zip"])
_NONE: frozenset[str] = frozenset()
_STEPS = 4  # names that are followed to what they were bound to


class Unit(NamedTuple):
    """The function that something stands in: a method of ``cls``, where that is not empty."""

    cls: str
    name: str


class Site(NamedTuple):
    """One call. ``owner`` is what stands before the dot of what is called, as written; empty for a plain name.

    ``made`` are the classes of which one is surely the owner's, as they are written. ``loop`` is where the loop stands
    that makes the call in each of many turns; None without one. ``unit`` is None at module level, and where the
    function stands in another. ``answers`` is where the function stands, if that answers web requests. ``asks``: a branch
    asks first for what may be there already.
    """

    owner: str
    made: frozenset[str]
    loop: tuple[int, int] | None
    unit: Unit | None
    answers: tuple[int, int] | None
    asks: bool


# The bases and the methods of classes, by name.
Classes = dict[str, tuple[frozenset[str], frozenset[str]]]


class Bound(NamedTuple):
    """One imported name: ``module`` is dotted, ``name`` what is taken of it, None for the module itself, ``*`` for all."""

    module: str
    name: str | None
    local: str


@dataclass(frozen=True, slots=True)
class CallSites:
    """The calls of a file by the last name of what they call, its imports, and its classes with their bases and methods."""

    calls: dict[str, list[Site]]
    imports: tuple[Bound, ...]
    classes: Classes


def call_sites(statements: tuple[tree.Stmt, ...]) -> CallSites:
    """The calls in ``statements`` that a loop makes or that stand in a function."""
    reader = _Reader(names_of(statements))
    nodes = list(tree.below(statements))
    for node in nodes:
        reader.note(node)
    calls: dict[str, list[Site]] = {}
    for node in nodes:
        if isinstance(node, tree.Call) and tree.last_name(node.func):
            site = reader.site(node)
            if site is not None:
                calls.setdefault(tree.last_name(node.func), []).append(site)
    return CallSites(calls, tuple(_imported(nodes)), classes_in(nodes))


def classes_in(nodes: Iterable[tree.Node]) -> Classes:
    """The classes among ``nodes``."""
    return {
        node.name: (
            frozenset(tree.dotted(one.value) for one in node.bases),
            frozenset(one.name for one in node.body if isinstance(one, tree.FunctionDef)),
        )
        for node in nodes
        if isinstance(node, tree.ClassDef)
    }


def unit_of(function: tree.FunctionDef, around: tuple[tree.Node, ...]) -> Unit | None:
    """``function``, which stands in ``around``, innermost first; None where it stands in another, or in a class of a class."""
    outer = [one for one in around if isinstance(one, (tree.FunctionDef, tree.ClassDef))]
    if not outer:
        return Unit("", function.name)
    cls = outer[0]
    return Unit(cls.name, function.name) if len(outer) == 1 and isinstance(cls, tree.ClassDef) else None


class _Reader:
    """What is known of a file while its calls are looked at."""

    def __init__(self, names: Names) -> None:
        self._names = names
        # What is bound to a name in a function, or to an attribute of self in a class, with the loops around that.
        self._values: dict[tuple[int, str], list[tuple[tree.Expr | None, frozenset[int]]]] = {}
        self._parameters: dict[tuple[int, str], tuple[tree.FunctionDef, int]] = {}
        self._called: dict[str, list[tree.Call]] = {}

    def note(self, node: tree.Node) -> None:
        """Note what ``node`` defines or binds."""
        if isinstance(node, tree.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, tree.AnnAssign):
            self._bind(node.target, node.value)
        elif isinstance(node, (tree.For, tree.AugAssign, tree.Generator)):
            self._bind(node.target, None)
        elif isinstance(node, tree.With):
            for value, name in node.items:
                if name is not None:
                    self._bind(name, value)
        elif isinstance(node, tree.FunctionDef):
            for at, one in enumerate(node.params):
                self._parameters[id(node), one.name] = node, at
        elif isinstance(node, tree.Call):
            self._called.setdefault(tree.last_name(node.func), []).append(node)

    def _bind(self, target: tree.Expr, value: tree.Expr | None) -> None:
        if isinstance(target, (tree.Sequence, tree.Starred)):
            parts = target.elements if isinstance(target, tree.Sequence) else (target.value,)
            for part in parts:
                self._bind(part, None)
            return
        around = self._names.around(target)
        key = self._key(target, around)
        if key is not None and not (isinstance(value, tree.Name) and value.id == "None"):
            loops = frozenset(id(one) for one in around if isinstance(one, (tree.For, tree.While)))
            self._values.setdefault(key, []).append((value, loops))

    def _key(self, node: tree.Expr, around: tuple[tree.Node, ...]) -> tuple[int, str] | None:
        """What tells one variable from others of its name: the function it stands in, or the class."""
        name = tree.dotted(node)
        kinds = (tree.ClassDef,) if name.startswith("self.") else (tree.FunctionDef, tree.Lambda)
        scope = next((one for one in around if isinstance(one, kinds)), None)
        return (id(scope) if scope is not None else 0, name) if name else None

    def site(self, node: tree.Call) -> Site | None:
        """What is known of the call ``node``; None where nothing repeats it, nor the function it stands in."""
        around = self._names.around(node)
        inner: tree.Node = node
        loop: tree.Node | None = None
        tests: list[str] = []
        unit: tree.FunctionDef | None = None
        for outer in around:
            if isinstance(outer, tree.Lambda):
                return None
            if isinstance(outer, tree.FunctionDef) and inner in outer.body:
                unit = outer
                break
            if isinstance(outer, tree.If) and inner is not outer.test:
                tests.append("not " * negates(outer.test) + _text(outer.test))
            elif loop is None and _repeats(outer, inner) and not _is_short(outer):
                if not _is_plain(outer, around) or any(map(_RARE.search, tests)):
                    return None
                loop = outer
            inner = outer
        if loop is None and (unit is None or any(map(_RARE.search, tests))):
            return None
        owner = node.func.value if isinstance(node.func, tree.Attribute) else None
        made = _NONE  # as it stays for an object that is made there and then
        if isinstance(owner, (tree.Name, tree.Attribute)):
            made = self._made(owner, around)
        return Site(
            tree.dotted(owner) if owner is not None else "",
            made,
            loop.piece.span(loop) if loop is not None else None,
            unit_of(unit, self._names.around(unit)) if unit is not None else None,
            unit.piece.span(unit) if unit is not None and any(map(is_route, unit.decorators)) else None,
            any(map(ASKS.search, tests)),
        )

    def _made(self, owner: tree.Expr, around: tuple[tree.Node, ...], steps: int = _STEPS) -> frozenset[str]:
        """The classes that ``owner`` may be an object of; empty where it may be another, or a new one in each turn."""
        if isinstance(owner, tree.Call):
            return frozenset([tree.dotted(owner.func)]) - {""}
        if isinstance(owner, tree.Name) and owner.id in ("self", "cls"):
            cls = next((one for one in around if isinstance(one, tree.ClassDef)), None)
            return frozenset([cls.name]) if cls is not None else _NONE
        key = self._key(owner, around)
        if key is None or not steps:
            return _NONE
        if key not in self._values and key not in self._parameters and not key[1].startswith("self."):
            key = (0, key[1])
        if key in self._parameters:
            return self._handed(*self._parameters[key], steps) if key not in self._values else _NONE
        loops = {id(one) for one in around}
        found: set[str] = set()
        for value, within in self._values.get(key, ()):
            made = _NONE
            if value is not None and within.isdisjoint(loops):
                made = self._made(value, self._names.around(value), steps - 1)
            if not made:
                return _NONE
            found |= made
        return frozenset(found)

    def _handed(self, function: tree.FunctionDef, at: int, steps: int) -> frozenset[str]:
        """The classes of what ``function`` is given for its parameter ``at``: as that is annotated, else by all calls here."""
        parameter = function.params[at]
        if parameter.annotation is not None:
            return frozenset([tree.dotted(parameter.annotation)]) - {""}
        unit = unit_of(function, self._names.around(function))
        if unit is None or parameter.star:
            return _NONE
        found: set[str] = set()
        for call in self._called.get(unit.cls if unit.name == "__init__" else unit.name, ()):
            plain = [one for one in call.args if one.name is None]
            given = [one.value for one in call.args if one.name == parameter.name]
            given += [one.value for one in plain[at - bool(unit.cls) :][:1]]
            made = _NONE
            if len(given) == 1 and not any(one.star for one in call.args):
                made = self._made(given[0], self._names.around(given[0]), steps - 1)
            if not made:
                return _NONE
            found |= made
        return frozenset(found)


def _repeats(outer: tree.Node, inner: tree.Node) -> bool:
    """Whether ``outer`` is a loop that does ``inner``, which stands in it, at each of its turns."""
    if isinstance(outer, tree.For):
        return inner in outer.body
    if isinstance(outer, tree.While):
        return inner is outer.test or inner in outer.body
    if isinstance(outer, tree.Generator):
        return inner in outer.ifs
    return isinstance(outer, tree.Comprehension) and inner is not outer.generators[0]


def _is_plain(loop: tree.Node, around: tuple[tree.Node, ...]) -> bool:
    """Whether ``loop`` comes back to what stands in ``around``, waits for nobody, and does nothing that takes much longer."""
    if not isinstance(loop, (tree.For, tree.While)):
        return True
    calls = [one for one in tree.below(loop.body) if isinstance(one, tree.Call)]
    if any(map(is_said_to_wait, calls)) or any(_TRAINS.search(tree.last_name(one.func)) for one in calls):
        return False
    return not tree.is_left(loop, around)


def _is_short(loop: tree.Node) -> bool:
    """Whether ``loop`` is known to have few turns."""
    if isinstance(loop, tree.Comprehension):
        return all(_are_few(one.iter) for one in loop.generators)
    return isinstance(loop, (tree.For, tree.Generator)) and _are_few(loop.iter)


def _are_few(iterated: tree.Expr) -> bool:
    """Whether few are known to be iterated: a list that is written out, ``range(5)``."""
    if isinstance(iterated, (tree.Sequence, tree.Mapping)):
        return True
    if not isinstance(iterated, tree.Call) or not iterated.args:
        return False
    given = [one.value for one in iterated.args]
    if tree.last_name(iterated.func) in _PASSES_ON:
        return any(map(_are_few, given))
    numbers = [one.value for one in given if isinstance(one, tree.Constant) and isinstance(one.value, int)]
    return tree.last_name(iterated.func) in ("range", "trange") and (
        len(numbers) == len(given) and max(numbers) < FEW_TURNS
    )


def _imported(nodes: list[tree.Node]) -> Iterator[Bound]:
    for node in nodes:
        if isinstance(node, tree.Import):
            for one in node.names:
                yield Bound(one.name, None, one.asname or one.name)
        elif isinstance(node, tree.ImportFrom):
            if not node.names:
                yield Bound(node.module, "*", "")
            for one in node.names:
                local = one.asname or one.name
                yield Bound(node.module, one.name, local)
                yield Bound(f"{node.module}.{one.name}" if node.module else one.name, None, local)


def _text(node: tree.Expr) -> str:
    start, end = node.piece.span(node)
    return node.piece.text[start - node.piece.start : end - node.piece.start]
