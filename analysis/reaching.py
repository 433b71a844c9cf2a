"""Whether anything runs a function: a call somewhere in the script, or a file of the project that imports it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_memlint.analysis import switches, tree
from keras_memlint.analysis.uses import children

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_WORD = re.compile(r"\w+")
_STRING = 200  # characters of a string that may name a function
# Decorators that leave it to others to call what they are given.
_PLAIN = frozenset(
    [
        "abstractmethod",
        "cache",
        "classmethod",
        "function",
        "lru_cache",
        "override",
        "property",
        "staticmethod",
    ]
)
# What reaches functions by names that stand nowhere.
_FINDS_ALL = frozenset(["Fire", "eval", "exec", "getmembers", "globals", "locals", "vars"])


@dataclass(slots=True, eq=False)
class _Unit:
    """A function or class: ``outer`` is what it stands in, ``named`` the names in what it runs itself."""

    node: tree.FunctionDef | tree.ClassDef | None
    outer: _Unit | None = None
    named: set[str] = field(default_factory=set)
    runs: bool = False


class Reach:
    """What may be run of a script, told from the names in what runs: a name may stand for all functions called so."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._top = _Unit(None, runs=True)
        self._units: dict[int, _Unit] = {}
        self._walk(script.parsed.statements)
        self._words = set(self._top.named)
        for piece in script.parsed.broken:
            self._words.update(_WORD.findall(piece.text))
        self._classes = {
            unit.node.name: unit for unit in self._units.values() if isinstance(unit.node, tree.ClassDef)
        }
        self._asked = False
        self._spread()

    def runs(self, node: tree.Node) -> bool:
        """Whether something may run ``node``; only what surely nothing runs is not."""
        if self._script.is_test:
            return True
        if self._is_switched_off(node):
            return False
        unit = self._around(node)
        if not unit.runs and not self._asked and not self._words & _FINDS_ALL:
            self._asked = True
            project = self._script.project
            outside = None if project.is_installed else project.imported_words
            if outside is None:
                self._words |= _FINDS_ALL
            else:
                self._words |= outside
                self._spread()
        return unit.runs or bool(self._words & _FINDS_ALL)

    def _is_switched_off(self, node: tree.Node) -> bool:
        """Whether ``node`` stands in what an attribute switches on that is False wherever it is set."""
        inner = node
        for outer in self._script.names.around(node):
            if (
                isinstance(outer, tree.If)
                and inner in outer.body
                and switches.is_off(self._script, outer.test)
            ):
                return True
            inner = outer
        return False

    def _around(self, node: tree.Node) -> _Unit:
        """The function that runs ``node``, or the class that is made of it."""
        inner: tree.Node = node
        for outer in (node, *self._script.names.around(node)):
            if isinstance(outer, tree.FunctionDef) and (outer is node or inner in outer.body):
                return self._units[id(outer)]
            inner = outer
        return self._top

    def _walk(self, statements: tuple[tree.Stmt, ...]) -> None:
        stack: list[tuple[tree.Node, _Unit, _Unit]] = [(one, self._top, self._top) for one in statements]
        while stack:
            node, unit, within = stack.pop()
            named = unit.named
            if isinstance(node, tree.Name):
                named.add(node.id)
            elif isinstance(node, tree.Attribute):
                named.add(node.name)
            elif isinstance(node, tree.Constant):
                if isinstance(node.value, str) and len(node.value) < _STRING:
                    named.update(_WORD.findall(node.value))
            elif isinstance(node, (tree.FunctionDef, tree.ClassDef)):
                own = self._units[id(node)] = _Unit(node, within)
                runner = own if isinstance(node, tree.FunctionDef) else unit
                stack += [(one, runner, own) for one in node.body]
                if isinstance(node, tree.ClassDef):
                    stack += [(one, own, own) for one in (*node.bases, *node.decorators)]
                else:
                    stack += [(one, unit, within) for one in (*node.decorators, *node.params)]
                continue
            stack += [(child, unit, within) for child in children(node)]

    def _spread(self) -> None:
        """Follow names from what runs to what they may stand for, until nothing new runs."""
        waiting = list(self._units.values())
        before = -1
        while before != len(waiting):
            before = len(waiting)
            left = []
            for unit in waiting:
                if self._is_run(unit):
                    unit.runs = True
                    self._words |= unit.named
                else:
                    left.append(unit)
            waiting = left

    def _is_run(self, unit: _Unit) -> bool:
        node, outer = unit.node, unit.outer
        if node is None or outer is None or not outer.runs:
            return False
        if node.name in self._words or not all(_is_plain(one) for one in node.decorators):
            return True
        if isinstance(node, tree.ClassDef):
            return any(_last_name(base.value).endswith("TestCase") for base in node.bases)
        if not isinstance(outer.node, tree.ClassDef):
            return False
        return node.name.startswith("__") or self._has_foreign_base(outer.node)

    def _has_foreign_base(self, cls: tree.ClassDef, depth: int = 0) -> bool:
        """Whether others know methods of ``cls``, as it stands below a class of theirs."""
        for base in cls.bases:
            known = self._classes.get(_last_name(base.value))
            if known is None or depth > len(self._classes):
                if _last_name(base.value) != "object":
                    return True
            elif isinstance(known.node, tree.ClassDef) and self._has_foreign_base(known.node, depth + 1):
                return True
        return False


def _is_plain(decorator: tree.Expr) -> bool:
    return _last_name(decorator.func if isinstance(decorator, tree.Call) else decorator) in _PLAIN


def _last_name(node: tree.Expr) -> str:
    """``c`` of ``a.b.c``; empty for all but names and attributes."""
    if isinstance(node, tree.Attribute):
        return node.name
    return node.id if isinstance(node, tree.Name) else ""
