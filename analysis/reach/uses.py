"""Where a script uses a name, and what stands around each use; told from one walk over the script."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from keras_memlint.analysis.facts.dynamic import BY_TEXT, WITHOUT_ARGUMENTS
from keras_memlint.analysis.facts.sklearn_data import PARTS
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_SCOPES = (tree.FunctionDef, tree.Lambda, tree.ClassDef)
# The nodes that bind or declare names without a ``Name`` node.
_BINDING = (tree.FunctionDef, tree.ClassDef, tree.Alias, tree.Global, tree.Match, tree.Try)
_SHELLS = ("IPython.embed", "code.interact")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a name. ``around`` are the nodes it stands in, innermost first."""

    node: tree.Name
    around: tuple[tree.Node, ...]

    @property
    def is_bound(self) -> bool:
        """Whether the name gets a value there, by whatever statement."""
        at: tree.Node = self.node
        for outer in self.around:
            if isinstance(outer, tree.Assign):
                return any(target is at for target in outer.targets)
            if isinstance(outer, tree.With):
                return any(target is at for _, target in outer.items)
            if not isinstance(outer, (tree.Sequence, tree.Starred)):
                return getattr(outer, "target", None) is at
            at = outer
        return False

    @property
    def scope(self) -> tree.Node | None:
        """The innermost function, lambda or class it stands in; None at the top level."""
        return next((outer for outer in self.around if isinstance(outer, _SCOPES)), None)

    @property
    def is_importable(self) -> bool:
        """Whether it stands at the top level, and not below ``if __name__ == "__main__":``."""
        return self.scope is None and not any(
            isinstance(outer, tree.If) and inner in outer.body and _is_main(outer.test)
            for inner, outer in pairwise((self.node, *self.around))
        )


@dataclass(frozen=True, slots=True)
class Names:
    """All names of a script's expressions, found in one walk.

    ``parents`` has what each node stands in, by its ``id``; ``read`` the nodes of each name, in order, without those in
    the body of a function with a parameter of that name. ``otherwise_bound`` are names bound by more than assignments,
    ``parameters`` those of functions and lambdas.
    """

    parents: dict[int, tree.Node | None]
    read: dict[str, list[tree.Name]]
    otherwise_bound: set[str]
    parameters: set[str]
    _uses: dict[str, list[Use]] = field(default_factory=dict)

    def include(self, others: Names, root: tree.Node) -> None:
        """Add the names in ``root``, a node of these."""
        outer = self.parents[id(root)]
        self.parents.update(others.parents)
        self.parents[id(root)] = outer
        for name, nodes in others.read.items():
            self.read.setdefault(name, []).extend(nodes)
        self.otherwise_bound.update(others.otherwise_bound)
        self.parameters.update(others.parameters)

    def around(self, node: tree.Node) -> tuple[tree.Node, ...]:
        """The nodes that ``node`` stands in, innermost first; empty when it is none of the script."""
        found: list[tree.Node] = []
        outer = self.parents.get(id(node))
        while outer is not None:
            found.append(outer)
            outer = self.parents[id(outer)]
        return tuple(found)

    def uses(self, name: str) -> list[Use]:
        """Every use of ``name`` that is in ``read``, in order; to be read only, as it is asked for often."""
        known = self._uses.get(name)
        if known is None:
            known = self._uses[name] = [Use(node, self.around(node)) for node in self.read.get(name, ())]
        return known


def names_of(
    statements: tuple[tree.Stmt, ...], *, remember: bool = False, hidden: frozenset[str] = frozenset()
) -> Names:
    """The names in ``statements``, the functions and classes among them included.

    With ``remember``, what was found in a piece of one statement is taken from there the next time. ``hidden`` are the
    parameters of the functions around.
    """
    found = Names(dict.fromkeys(map(id, statements)), {}, set(), set())
    parents, read = found.parents, found.read
    # What is still to be looked at, the next one last; names stand where others are hidden from there on.
    stack: list[tree.Node | frozenset[str]] = [*reversed(statements)]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name):
            if node.id not in hidden:
                read.setdefault(node.id, []).append(node)
            continue
        if isinstance(node, frozenset):
            hidden = node
            continue
        if remember and (node,) == node.piece.statements:
            known = node.piece.names
            if known is None or known[0] != hidden:
                known = node.piece.names = hidden, names_of(node.piece.statements, hidden=hidden)
            found.include(known[1], node)
            continue
        if isinstance(node, _BINDING):
            found.otherwise_bound.update(name for name in _bound(node) if name not in hidden)
        inner = tree.children(node)
        for child in inner:
            parents[id(child)] = node
        if isinstance(node, (tree.FunctionDef, tree.Lambda)) and node.params:
            own = frozenset(parameter.name for parameter in node.params)
            found.parameters.update(own)
            body = len(node.params)  # the parameters come first, then what they hide names in
            behind = body + (len(node.body) if isinstance(node, tree.FunctionDef) else 1)
            stack += [*reversed(inner[behind:]), hidden, *reversed(inner[body:behind]), hidden | own]
            inner = inner[:body]
        inner.reverse()
        stack += inner
    return found


def uses_of(script: Script, name: str) -> list[Use] | None:
    """Every use of ``name`` in the script's expressions, targets included, in order.

    A function with a parameter of that name has its own. None when anything but an assignment binds it: an import, a
    definition, ``global``, an exception; and when code that does not parse has a word of that name.
    """
    names = script.names
    if name in names.otherwise_bound:
        return None
    if name in script.parsed.broken_words:
        return None
    return names.uses(name)


def reads_by_text(script: Script) -> bool:
    """Whether the script may read any of its names by a text: with ``eval``, ``globals()`` or a shell of its own."""
    for name in (*BY_TEXT, *WITHOUT_ARGUMENTS):
        for use in script.names.uses(name):
            call = use.around[0] if use.around else None
            if isinstance(call, tree.Call) and call.func is use.node:
                if name not in WITHOUT_ARGUMENTS or not call.args:
                    return True
    return script.uses(*_SHELLS)


def literal_behind(script: Script, value: tree.Expr) -> tree.Constant | None:
    """The literal that ``value`` is, or that the name is bound to, once in the whole script; None for anything else."""
    if isinstance(value, tree.Constant):
        return value
    uses = uses_of(script, value.id) if isinstance(value, tree.Name) else None
    if uses is None or not any(use.node is value for use in uses):
        return None
    bound = [use for use in uses if use.is_bound]
    statement = bound[0].around[0] if len(bound) == 1 else None
    if isinstance(statement, tree.Assign) and len(statement.targets) > 1:
        return None
    given = statement.value if isinstance(statement, (tree.Assign, tree.AnnAssign)) else None
    return given if isinstance(given, tree.Constant) else None


def target_of(value: tree.Node, outer: tuple[tree.Node, ...]) -> tree.Expr | None:
    """What an assignment binds to ``value``, which stands in ``outer``: ``x = value``, or ``x, y = value, other``.

    None when it stands elsewhere, when it is bound twice, or when a display is bound to one name.
    """
    whole, at = value, None
    if outer and isinstance(outer[0], tree.Sequence):
        whole, outer = outer[0], outer[1:]
        at = next((n for n, element in enumerate(whole.elements) if element is value), None)
    statement = outer[0] if outer else None
    if not isinstance(statement, tree.Assign) or statement.value is not whole or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if whole is value:
        return target
    if at is None or not isinstance(target, tree.Sequence) or not isinstance(whole, tree.Sequence):
        return None
    return target.elements[at] if len(target.elements) == len(whole.elements) else None


def targets_of_parts(
    script: Script, argument: tree.Argument, call: tree.Call, outer: tuple[tree.Node, ...]
) -> tuple[tree.Expr, ...] | None:
    """What is bound to the parts of one argument: ``a`` and ``b`` of ``y`` in ``_, _, a, b = train_test_split(x, y)``.

    None for other calls, and when the parts are not bound one by one.
    """
    parts = PARTS.get(script.called(call))
    given = [one for one in call.args if one.name is None and not one.star]
    targets = target_of(call, outer)
    if parts is None or argument not in given or not isinstance(targets, tree.Sequence):
        return None
    if len(targets.elements) != parts * len(given):
        return None
    at = parts * given.index(argument)
    return targets.elements[at : at + parts]


def _is_main(test: tree.Expr) -> bool:
    """Whether ``test`` is ``__name__ == "__main__"``."""
    if not isinstance(test, tree.Compare) or test.ops != ("==",):
        return False
    left, right = test.left, test.rights[0]
    return isinstance(left, tree.Name) and left.id == "__name__" and isinstance(right, tree.Constant)


def _bound(node: tree.Node) -> tuple[str, ...]:
    """Names that a node binds or declares without a ``Name`` node."""
    if isinstance(node, (tree.FunctionDef, tree.ClassDef)):
        return (node.name,)
    if isinstance(node, tree.Alias):
        return (node.asname or node.name.partition(".")[0],)
    if isinstance(node, (tree.Global, tree.Match)):
        return node.names
    if isinstance(node, tree.Try):
        return tuple(name for name, _body in node.handlers if name is not None)
    return ()
