"""Whether anything runs a function: a call somewhere in the script, or a file of the project that imports it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_memlint.analysis.facts.callers import (
    CALLED,
    FINDERS,
    HOOKS,
    INTRUDERS,
    PLAIN_DECORATORS,
    QUIET_LIBRARIES,
    REGISTERS,
)
from keras_memlint.analysis.projects.importers import ANY
from keras_memlint.analysis.reach import defaults, switches
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.words import words_of

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_STRING = 200  # characters of a string that may name a function
_FINDERS = FINDERS | {ANY}
# Statements that say more than their nodes keep: patterns, messages, causes.
_WORDY = (tree.Match, tree.Assert, tree.Raise)


@dataclass(slots=True, eq=False)
class _Unit:
    """A function or class: ``outer`` is what it stands in, ``named`` the names in what it runs itself."""

    node: tree.FunctionDef | tree.ClassDef | None
    outer: _Unit | None = None
    named: set[str] = field(default_factory=set)
    runs: bool = False


class Reach:
    """What may be run of a script, told from the names in what runs: a name may stand for all functions called so."""

    def __init__(self, script: Script, ends: Collection[tree.Stmt] = ()) -> None:
        """``ends`` are statements that raise: what stands behind them names nothing."""
        self._script = script
        self._behind = {id(one) for end in ends for one in behind(script, end)}
        self._gone = _Unit(None)
        self._top = _Unit(None, runs=True)
        self._units: dict[int, _Unit] = {}
        self._imported = {one.bound: one.dotted.partition(".")[0] for one in script.imports}
        self._off: dict[str, bool] = {}  # the attributes that were asked for
        self._outcomes: dict[int, bool | None] = {}  # of the branches that were asked for
        self._parts: set[str] = set()  # of names that `getattr` puts together
        self._walk(script.parsed.statements)
        self._words = {*self._top.named, *HOOKS}
        for piece in script.parsed.broken:
            self._words.update(words_of(piece.text))
        self._classes = {
            unit.node.name: unit for unit in self._units.values() if isinstance(unit.node, tree.ClassDef)
        }
        self._asked = False
        self._lends = False  # whether a module that the script imports may call methods of what it is given, by any name
        self._spread()

    def runs(self, node: tree.Node) -> bool:
        """Whether something may run ``node``; only what surely nothing runs is not."""
        if self._script.is_test:
            return True
        if self.is_switched_off(node):
            return False
        unit = self._around(node)
        if not unit.runs and not self._asked and not self._words & _FINDERS:
            self._asked = True
            project = self._script.project
            outside = None if project.is_installed else project.calling_words
            if outside is None:
                self._words |= _FINDERS
            else:
                lent = project.module_words
                self._lends = bool(lent & _FINDERS)
                named = {unit.node.name for unit in self._units.values() if unit.node is not None}
                self._words |= outside - (CALLED - named)
                self._words |= lent if lent & INTRUDERS else lent - (_FINDERS - named)
                self._spread()
        return unit.runs or bool(self._words & _FINDERS)

    def is_switched_off(self, node: tree.Node) -> bool:
        """Whether ``node`` stands in what an attribute switches on that is False wherever it is set, or in a branch that
        waits for a flag that no call of its function gives.
        """
        inner = node
        around = self._script.names_in(node).around(node)
        for at, outer in enumerate(around):
            if isinstance(outer, tree.If):
                if (
                    inner in outer.body
                    and isinstance(outer.test, tree.Attribute)
                    and self._is_off(outer.test)
                ):
                    return True
                waits_for = True if inner in outer.body else False if inner in outer.orelse else None
                if waits_for is not None and self._outcome(outer, around[at + 1 :]) is (not waits_for):
                    return True
            inner = outer
        return False

    def _outcome(self, branch: tree.If, around: tuple[tree.Node, ...]) -> bool | None:
        if id(branch) not in self._outcomes:
            self._outcomes[id(branch)] = defaults.outcome(self._script, branch.test, around)
        return self._outcomes[id(branch)]

    def _is_off(self, test: tree.Attribute) -> bool:
        known = self._off.get(test.name)
        if known is None:
            known = self._off[test.name] = switches.is_off(self._script, test)
        return known

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
            if id(node) in self._behind:
                unit = within = self._gone
            named = unit.named
            if isinstance(node, tree.Name):
                named.add(node.id)
                continue
            if isinstance(node, tree.Constant):
                if isinstance(node.value, str) and len(node.value) < _STRING:
                    named.update(words_of(node.value))
                continue
            if isinstance(node, (tree.Alias, tree.Attribute)):
                named.add(node.name)
            elif isinstance(node, tree.Call):
                self._note_getattr(node, named)
            elif isinstance(node, _WORDY):
                named.update(words_of(self._script.text(node)))
            elif isinstance(node, (tree.FunctionDef, tree.ClassDef)):
                own = self._units[id(node)] = _Unit(node, within)
                runner = own if isinstance(node, tree.FunctionDef) else unit
                stack += [(one, runner, own) for one in node.body]
                if isinstance(node, tree.ClassDef):
                    given = [(one, isinstance(one.value, (tree.Name, tree.Attribute))) for one in node.bases]
                    stack += [(one, own if plain and one.name is None else unit, own) for one, plain in given]
                    stack += [(one, own, own) for one in node.decorators]
                else:
                    stack += [(one, unit, within) for one in (*node.decorators, *node.params)]
                continue
            stack += [(child, unit, within) for child in tree.children(node)]

    def _note_getattr(self, node: tree.Call, named: set[str]) -> None:
        """Note what ``getattr(x, name)`` may find in what is the script's own, when ``name`` is put together or unknown."""
        called, given = node.func, [one.value for one in node.args]
        if not isinstance(called, tree.Name) or called.id != "getattr" or len(given) < 2:
            return
        owner, name = tree.root(given[0]), given[1]
        if isinstance(owner, tree.Name) and self._imported.get(owner.id, "__main__") != "__main__":
            return
        if not isinstance(name, tree.Constant):
            texts = [one.value for one in tree.below([name]) if isinstance(one, tree.Constant)]
            parts = {part for text in texts if isinstance(text, str) for part in words_of(text)}
            self._parts |= parts
            if not parts:
                named.add(ANY)

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
        if node.name in self._words or not all(map(_is_plain, node.decorators)):
            return True
        if any(part in node.name for part in self._parts):
            return True
        if isinstance(node, tree.ClassDef):
            return any(map(self._registers, node.bases))
        if not isinstance(outer.node, tree.ClassDef):
            return False
        if self._lends:
            return True
        handed = not all(map(_is_plain, outer.node.decorators))
        return node.name.startswith("__") or handed or self._has_foreign_base(outer.node)

    def _registers(self, base: tree.Argument, depth: int = 0) -> bool:
        """Whether ``base`` of a class may make objects of all classes below it, as those of Django, Luigi and unittest do."""
        name = tree.last_name(base.value)
        if base.name is not None:
            return base.name != "metaclass" or name != "ABCMeta"
        known = self._classes.get(name) if isinstance(base.value, tree.Name) else None
        if known is not None and isinstance(known.node, tree.ClassDef):
            body, bases = known.node.body, known.node.bases
            hooks = any(isinstance(one, tree.FunctionDef) and one.name in REGISTERS for one in body)
            return (
                hooks
                or "__subclasses__" in self._words
                or depth > len(self._classes)
                or any(self._registers(one, depth + 1) for one in bases)
            )
        root = tree.root(base.value)
        library = self._imported.get(root.id) if isinstance(root, tree.Name) else None
        return name.endswith("TestCase") or (library is not None and library not in QUIET_LIBRARIES)

    def _has_foreign_base(self, cls: tree.ClassDef, depth: int = 0) -> bool:
        """Whether others know methods of ``cls``, as it stands below a class of theirs."""
        for base in cls.bases:
            known = self._classes.get(tree.last_name(base.value))
            if known is None or depth > len(self._classes):
                if tree.last_name(base.value) != "object":
                    return True
            elif isinstance(known.node, tree.ClassDef) and self._has_foreign_base(known.node, depth + 1):
                return True
        return False


def behind(script: Script, end: tree.Stmt) -> Iterator[tree.Stmt]:
    """The statements behind ``end`` in its block: where that raises, nothing runs them."""
    around = script.names.around(end)
    outer = around[0] if around else None
    for block in tree.blocks(outer) if isinstance(outer, tree.Stmt) else (script.parsed.statements,):
        if end in block:
            yield from block[block.index(end) + 1 :]


def _is_plain(decorator: tree.Expr) -> bool:
    made = decorator.func if isinstance(decorator, tree.Call) else decorator
    name = tree.last_name(made)
    if name == "function":  # that of TensorFlow
        return isinstance(made, tree.Name) or (
            isinstance(made, tree.Attribute) and tree.last_name(made.value) in ("tf", "tensorflow")
        )
    return name in PLAIN_DECORATORS
