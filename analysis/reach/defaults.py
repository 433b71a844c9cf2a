"""Parameters that are True or False by default and that every call of the program leaves so: what waits for others is not run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.facts.dynamic import SETTERS
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.syntax.parse import Parsed

# Methods that others call, with arguments of their own.
_CALLED_BY_OTHERS = frozenset(["call", "build", "forward", "train_step", "test_step", "predict_step", "main"])
_LITERALS = {"True": True, "False": False}


@dataclass(frozen=True, slots=True)
class _Flag:
    """A parameter with its default, and the function it is one of; ``owner`` is the class of a method."""

    name: str
    default: bool
    function: tree.FunctionDef
    owner: tree.ClassDef | None

    @property
    def called(self) -> str:
        """What calls of the function name: the class for its ``__init__``."""
        if self.function.name == "__init__" and self.owner is not None:
            return self.owner.name
        return self.function.name

    @property
    def position(self) -> int | None:
        """Where positional arguments of a call reach it; None when they do not."""
        bound = self.owner is not None and not any(map(_is_static, self.function.decorators))
        for at, one in enumerate(self.function.params[bound:]):
            if one.name == self.name:
                return at if one.kind != "keyword" and not one.star else None
        return None


def outcome(script: Script, test: tree.Expr, around: Sequence[tree.Node]) -> bool | None:
    """How ``test`` comes out in every call of the program, as its flags are never given; None where nobody can tell.

    ``around`` is what the test stands in, innermost first.
    """
    if isinstance(test, tree.Unary) and test.op == "not":
        found = outcome(script, test.operand, around)
        return None if found is None else not found
    if isinstance(test, tree.Boolean):
        sides = [outcome(script, side, around) for side in (test.left, test.right)]
        decisive = test.op == "or"
        return decisive if decisive in sides else None if None in sides else not decisive
    flag = _flag(test, around)
    if flag is None or not _is_never_given(script, flag, test):
        return None
    return flag.default


def _flag(test: tree.Expr, around: Sequence[tree.Node]) -> _Flag | None:
    """The parameter behind ``flag`` in its function, or behind ``self.flag`` in a method of its class."""
    functions = [one for one in around if isinstance(one, tree.FunctionDef)]
    owner = next((one for one in around if isinstance(one, tree.ClassDef)), None)
    if isinstance(test, tree.Name):
        function = next((one for one in functions if any(p.name == test.id for p in one.params)), None)
        if function is None or any(test.id in tree.bound_names(one) for one in function.body):
            return None
        return _with_default(
            test.id, function, owner if owner is not None and function in owner.body else None
        )
    if not isinstance(test, tree.Attribute) or tree.last_name(test.value) != "self" or owner is None:
        return None
    made = next((one for one in owner.body if _is_called(one, "__init__")), None)
    return _with_default(test.name, made, owner) if isinstance(made, tree.FunctionDef) else None


def _with_default(name: str, function: tree.FunctionDef, owner: tree.ClassDef | None) -> _Flag | None:
    default = next((one.default for one in function.params if one.name == name), None)
    if not isinstance(default, tree.Name) or default.id not in _LITERALS:
        return None
    plain = all(map(_is_static, function.decorators)) and not (owner is not None and owner.decorators)
    if not plain or function.name in _CALLED_BY_OTHERS:
        return None
    return _Flag(name, _LITERALS[default.id], function, owner)


def _is_static(decorator: tree.Expr) -> bool:
    return tree.last_name(decorator) == "staticmethod"


def _is_called(statement: tree.Stmt, name: str) -> bool:
    return isinstance(statement, tree.FunctionDef) and statement.name == name


def _is_never_given(script: Script, flag: _Flag, test: tree.Expr) -> bool:
    """Whether the function is called, and each call leaves the flag at its default."""
    files = _program(script, flag)
    if files is None:
        return False
    nodes = [node for parsed in files for node in tree.below(parsed.statements)]
    if isinstance(test, tree.Attribute) and not _is_set_once(nodes, flag):
        return False
    calls = [
        node for node in nodes if isinstance(node, tree.Call) and tree.last_name(node.func) == flag.called
    ]
    return bool(calls) and all(_leaves(call, flag) for call in calls) and _is_only_called(nodes, calls, flag)


def _program(script: Script, flag: _Flag) -> list[Parsed] | None:
    """What stands in the file of the function and in those that import it; None where others may call it."""
    project, source = script.project, flag.function.piece.source
    if project.is_installed or script.is_test:
        return None
    own = source is None or source is script.source
    path = project.home if own or source is None else os.path.abspath(source.path)  # noqa: PTH100  (as `home`)
    importers = project.importers(flag.called, path)
    if importers is None:
        return None
    code = [one for one in dict.fromkeys([path, *importers]) if one.endswith((".py", ".ipynb"))]
    if any(flag.name in project.text(one) for one in importers if one not in code):
        return None  # what a shell script or a page of the project gives
    files = [script.parsed if one == project.home else project.statements_of(one) for one in code]
    known = [one for one in files if one is not None and not one.broken]
    return known if len(known) == len(files) else None


def _leaves(call: tree.Call, flag: _Flag) -> bool:
    """Whether ``call`` gives nothing for the flag, or what it is anyhow."""
    position = flag.position
    for at, given in enumerate(call.args):
        if given.star:
            return False
        if given.name == flag.name or (given.name is None and at == position):
            value = given.value
            if not isinstance(value, tree.Name) or _LITERALS.get(value.id) is not flag.default:
                return False
    return True


def _is_only_called(nodes: Iterable[tree.Node], calls: Iterable[tree.Call], flag: _Flag) -> bool:
    """Whether the function's name stands for nothing but what is called: not handed on, inherited or found by its name."""
    called = {id(call.func) for call in calls}
    for node in nodes:
        if isinstance(node, (tree.Name, tree.Attribute)):
            name = tree.last_name(node)
            if (name == flag.called and id(node) not in called) or name in SETTERS or name == "cls":
                return False
        elif isinstance(node, tree.Alias):
            if node.name.rpartition(".")[2] == flag.called and node.asname not in (None, flag.called):
                return False
        elif isinstance(node, tree.Constant) and isinstance(node.value, str) and node.value == flag.called:
            return False
    return True


def _is_set_once(nodes: Iterable[tree.Node], flag: _Flag) -> bool:
    """Whether attributes called as the flag are bound to the parameter alone."""
    bound = [
        node
        for node in nodes
        if isinstance(node, tree.Stmt)
        for target in tree.targets(node)
        if isinstance(target, tree.Attribute) and target.name == flag.name
    ]
    return len(bound) == 1 and (
        isinstance(bound[0], (tree.Assign, tree.AnnAssign))
        and isinstance(bound[0].value, tree.Name)
        and bound[0].value.id == flag.name
        and bound[0] in flag.function.body
        and not any(flag.name in tree.bound_names(one) for one in flag.function.body if one is not bound[0])
    )
