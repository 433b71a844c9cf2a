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


def turns_of(loop: Loop) -> int | None:
    """How often ``loop`` turns at most, also where it counts its turns and is left at one: ``if i == 5: break``.

    None when that is not known.
    """
    node = loop.node
    if not isinstance(node, (tree.For, tree.While)):
        return loop.trips
    counters = _counters(loop, node)
    left = (_last_turn(one, counters) for one in node.body if isinstance(one, tree.If))
    return min((one for one in (loop.trips, *left) if one is not None), default=None)


def _counters(loop: Loop, node: tree.For | tree.While) -> set[str]:
    """The names that count the turns from zero on, as far as the loop itself tells: also ``n += 1`` in its body."""
    found = {
        one.target.id
        for one in node.body
        if isinstance(one, tree.AugAssign) and isinstance(one.target, tree.Name) and one.op.startswith("+")
        if isinstance(one.value, tree.Constant) and one.value.value == 1
    }
    counts = node.iter if isinstance(node, tree.For) else None
    if isinstance(counts, tree.Call) and len(counts.args) == 1 and not counts.args[0].star:
        found.add(counter_of(loop))
    return found - {""}


def _last_turn(branch: tree.If, counters: set[str]) -> int | None:
    """How many turns there are at most if ``branch`` leaves the loop by a counter of these; None where it does not."""
    test = branch.test
    if not branch.body or not tree.leaves(branch.body[-1]):
        return None
    if not isinstance(test, tree.Compare) or len(test.rights) != 1 or test.ops[0] not in ("==", ">=", ">"):
        return None
    end = test.rights[0]
    at = end.value if isinstance(end, tree.Constant) else None
    if tree.last_name(test.left) not in counters or not isinstance(at, int) or at < 0:
        return None
    return at + 1 + (test.ops[0] == ">")


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
