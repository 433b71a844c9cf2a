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


def turns_of(loop: Loop, around: tuple[tree.Node, ...] = ()) -> int | None:
    """How often ``loop`` turns at most, also where it counts its turns and is left at one: ``if i == 5: break``.

    Of the turns that get to what stands in ``around``, if that is in its body. None when that is not known.
    """
    node = loop.node
    if not isinstance(node, (tree.For, tree.While)):
        return loop.trips
    start = next((at for at, one in enumerate(node.body) if one in around), 0)
    left = (_last_turn(loop, node, at, start) for at in range(len(node.body)))
    return min((one for one in (loop.trips, *left) if one is not None), default=None)


def _last_turn(loop: Loop, node: tree.For | tree.While, at: int, start: int) -> int | None:
    """How many turns get to the statement ``start`` if the one ``at`` leaves the loop by a counter; None if it does not."""
    branch = node.body[at]
    if not isinstance(branch, tree.If) or not branch.body or not tree.leaves(branch.body[-1]):
        return None
    test = branch.test
    if not isinstance(test, tree.Compare) or len(test.rights) != 1 or test.ops[0] not in ("==", ">=", ">"):
        return None
    last = test.rights[0].value if isinstance(test.rights[0], tree.Constant) else None
    if not isinstance(test.left, tree.Name) or not isinstance(last, int) or last < 0:
        return None
    if not _counts(loop, node, test.left.id) and not _is_counted(node.body, test.left.id, at, start):
        return None
    return last + 1 + (test.ops[0] == ">")


def _counts(loop: Loop, node: tree.For | tree.While, name: str) -> bool:
    """Whether ``loop`` itself gives ``name`` the number of each turn, from zero on."""
    counts = node.iter if isinstance(node, tree.For) else None
    if not isinstance(counts, tree.Call) or len(counts.args) != 1 or counts.args[0].star:
        return False
    return counter_of(loop) == name


def _is_counted(body: tuple[tree.Stmt, ...], name: str, at: int, start: int) -> bool:
    """Whether ``name += 1`` in ``body`` counts each turn that gets to ``start``, and nothing else binds it.

    No ``continue`` may go by it, nor from there by the statement ``at``, which asks for the number.
    """
    bound = [index for index, one in enumerate(body) if name in tree.bound_names(one)]
    if len(bound) != 1 or not _adds_one(body[bound[0]]):
        return False
    return not tree.has_jump(body[min(start, bound[0]) : max(at, bound[0]) + 1], "continue")


def _adds_one(one: tree.Stmt) -> bool:
    if not isinstance(one, tree.AugAssign) or not isinstance(one.target, tree.Name):
        return False
    return one.op.startswith("+") and isinstance(one.value, tree.Constant) and one.value.value == 1


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
