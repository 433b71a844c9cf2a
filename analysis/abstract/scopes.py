"""Where names live while a script is interpreted, and the loops around a piece of code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.values import Value
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.values import Array, Function

FEW_TURNS = 20  # turns, steps or batches of a loop below which what each of them costs is not worth a word


@dataclass(slots=True, eq=False, repr=False)
class Scope:
    """The names of a module, class or function. ``parent`` is where names not bound here are looked up.

    ``declared`` are names a ``global`` or ``nonlocal`` statement sends to an outer scope.
    """

    kind: str
    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)

    def find(self, name: str) -> Value | None:
        """The value bound to ``name`` here or outside; None when it is bound nowhere. Class scopes are not closures."""
        found = self.names.get(name)
        if found is not None:
            return found
        scope = self.parent
        while scope is not None:
            found = scope.names.get(name)
            if found is not None and scope.kind != "class":
                return found
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> None:
        """Bind ``name``, in the scope that a ``global`` or ``nonlocal`` statement names if there is one."""
        if name in self.declared:
            scope = self.parent
            while scope is not None:
                if name in scope.names or scope.kind == "module":
                    scope.names[name] = value
                    return
                scope = scope.parent
        self.names[name] = value


@dataclass(slots=True, eq=False, repr=False)
class Loop:
    """A loop that is being interpreted. ``kind``: ``for``, ``while``, ``comprehension`` or ``apply``.

    ``iter`` is what is iterated, ``trips`` how often when that is known. ``unrolled``: its turns are run one by one.
    """

    node: tree.Node
    kind: str
    iter: Value
    trips: int | None
    unrolled: bool = False


def counter_of(loop: Loop) -> str:
    """The name that counts the turns of ``loop``; empty without one."""
    node = loop.node
    if not isinstance(node, tree.For) or not isinstance(node.iter, tree.Call):
        return ""
    name, target = tree.last_name(node.iter.func), node.target
    if name == "enumerate" and isinstance(target, tree.Sequence) and target.elements:
        target = target.elements[0]
    elif name not in ("range", "trange", "xrange"):
        return ""
    return target.id if isinstance(target, tree.Name) else ""


def trips_of(loops: Iterable[Loop]) -> int | None:
    """How often the innermost of nested ``loops`` turns in all; None when that is not known."""
    total = 1
    for loop in loops:
        if loop.trips is None:
            return None
        total *= loop.trips
    return total


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Growth:
    """A place where a list got elements: the loops around it, and whether a branch decides if it gets them."""

    loops: tuple[Loop, ...]
    conditional: bool


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Binding:
    """An array bound to a name: ``node`` is the name in the assignment, ``function`` the one it stands in.

    The other fields are those of a ``Call``.
    """

    node: tree.Name
    array: Array
    loops: tuple[Loop, ...]
    function: Function | None
    order: int
