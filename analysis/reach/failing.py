"""Statements that raise whenever they are reached, by a mistake of the script's own: a name that nothing binds, arguments
that a function cannot take, what a module or an object of the project lacks.

They are looked for when something is found that a user should act on: what stands behind them never happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.networks import Model
from keras_memlint.analysis.abstract.values import Api, Class, Instance
from keras_memlint.analysis.facts.dynamic import GIVES, SETTERS
from keras_memlint.analysis.facts.ending import GIVEN_NAMES, OWN_KINDS, POSITIONS, RAISING_CONTEXTS
from keras_memlint.analysis.interpret import binding
from keras_memlint.analysis.reach import byte_lines, input_sizes
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.abstract.calls import Call
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.text.source import Source

# What may bind names or give attributes where nobody sees it.
_UNSEEN = re.compile(
    rf"{GIVES}|\b(?:builtins|__builtins__|get_ipython|__defaults__|__kwdefaults__|mock|__getattribute__)\b"
    r"|\b(?:class|def|type)\s+\w+\s*\["
)
# Bases that take what a class's own `__init__` takes.
_PLAIN_BASES = ("builtins.object", "keras.", "abc.ABC")


@dataclass(frozen=True, slots=True)
class Failure:
    """``node`` raises whenever ``statement``, which it stands in, is reached; ``why`` says it in words."""

    node: tree.Node
    statement: tree.Stmt
    why: str


def failures(script: Script) -> list[Failure]:
    """What is known to raise in the script, in order. Cells of notebooks and IPython's lines are left alone."""
    source = script.source
    if source.cells or source.code != source.text or script.parsed.broken:
        return []
    made = []
    for node, why in (
        *_refused(script),
        *_unbound(script),
        *_misfits(script),
        *_missing(script),
        *_given_twice(script),
        *script.too_few_axes,
        *input_sizes.refused(script),
    ):
        statement = _statement(script, node)
        if statement is not None:
            made.append(Failure(node, statement, why))
    for node, why in byte_lines.refused(script):
        statement = _statement(script, node)
        around = script.names.around(statement) if statement is not None else ()
        if around and isinstance(around[0], tree.For):
            made.append(
                Failure(node, around[0], why)
            )  # at its first turn: a file that is read line by line has one
    return sorted(made, key=lambda one: script.place(one.node).start)


def _statement(script: Script, node: tree.Node) -> tree.Stmt | None:
    """The statement that evaluates ``node`` whenever it is reached; None when it may do without, or may go on after it."""
    at: tree.Node = node
    found = node if isinstance(node, tree.Stmt) else None
    for outer in script.names.around(node):
        if found is None:
            if not _is_evaluated(at, outer):
                return None
            if isinstance(outer, tree.Stmt):
                found = outer
        elif isinstance(outer, (tree.FunctionDef, tree.ClassDef)):
            break
        elif isinstance(outer, tree.With) and not all(
            _raises_through(script, context) for context, _ in outer.items
        ):
            return None
        at = outer
    return found


def never_made(script: Script, ends: Iterable[Failure]) -> frozenset[int]:
    """The calls, by ``id``, that are not made as what they are given raises, or they do."""
    found = set()
    for failure in ends:
        for node in (failure.node, *script.names.around(failure.node)):
            if isinstance(node, tree.Stmt):
                break
            if isinstance(node, tree.Call):
                found.add(id(node))
    return frozenset(found)


def _is_evaluated(part: tree.Node, whole: tree.Node) -> bool:
    """Whether ``part`` is evaluated whenever ``whole``, which it is a part of, is."""
    if isinstance(whole, (tree.If, tree.While, tree.Conditional)):
        return part is whole.test
    if isinstance(whole, (tree.For, tree.Generator)):
        return part is whole.iter
    if isinstance(whole, tree.With):
        return part is whole.items[0][0]
    if isinstance(whole, tree.Comprehension):
        return part is whole.generators[0]
    if isinstance(whole, tree.Boolean):
        return part is whole.left
    if isinstance(whole, tree.Compare):
        return part in (whole.left, whole.rights[0])
    if isinstance(whole, tree.AnnAssign):
        return part is whole.value
    return not isinstance(whole, (tree.Lambda, tree.Parameter, tree.FunctionDef, tree.Assert))


def _raises_through(script: Script, context: tree.Expr) -> bool:
    """Whether ``with context:`` is known to let errors out."""
    func = context.func if isinstance(context, tree.Call) else context
    if not isinstance(func, tree.Name):
        return getattr(func, "name", "") in RAISING_CONTEXTS
    imported = [one.dotted for one in script.imports if one.bound == func.id]
    if func.id == "open" and not imported:
        return not _count(script.source, "open")
    return func.id in RAISING_CONTEXTS and any(one.startswith(("keras.", "tensorflow.")) for one in imported)


# Imports of what is not there


def _refused(script: Script) -> Iterator[tuple[tree.Node, str]]:
    rows = [one for one in script.imports if not one.tried and one.statement.piece.source is script.source]
    for statement in {id(one.statement): one.statement for one in rows}.values():
        for alias, why in script.project.imports.refused(statement):
            yield alias or statement, why


# Names that nothing binds


def _unbound(script: Script) -> Iterator[tuple[tree.Expr, str]]:
    text = script.source.text
    nodes = [
        node
        for node in script.unbound
        if node.piece.source is script.source and node.id not in GIVEN_NAMES and not node.id.startswith("_")
    ]
    if nodes and _UNSEEN.search(text) is None:
        bound = {
            name
            for name in {node.id for node in nodes}
            if _is_bound(script, name) or script.project.importers(name) != []  # which may set it here
        }
        yield from ((node, f"`{node.id}` is not defined") for node in nodes if node.id not in bound)


def _is_bound(script: Script, name: str) -> bool:
    """Whether anything in the script, whichever function it stands in, binds ``name``."""
    names = script.names
    if name in names.otherwise_bound or name in names.parameters:
        return True
    return any(use.is_bound for use in names.uses(name))


# Arguments that are not taken


def _misfits(script: Script) -> Iterator[tuple[tree.Expr, str]]:
    called: dict[int, list[Call]] = {}
    for call in script.all_calls:
        if call.node.piece.source is script.source and call.name.startswith(("def ", "class ")):
            called.setdefault(id(call.node), []).append(call)
    for calls in called.values():
        node = calls[0].node
        reasons = {_misfit(script, call) for call in calls}
        why = reasons.pop()
        if why and not reasons:
            yield node, why


def _misfit(script: Script, call: Call) -> str:
    """Why the script's own function or class does not take these arguments; empty where it may take them."""
    function, node = call.callee, call.node
    receiver = call.receiver
    definition: tree.Stmt
    if any(argument.star for argument in node.args):
        return ""
    if function is None:
        if not isinstance(receiver, Class) or not _is_plain(receiver):
            return ""
        function = receiver.method("__init__")
        name, definition = receiver.node.name, receiver.node
    elif function.bound is not None or not isinstance(function.node, tree.FunctionDef):
        return ""
    else:
        name, definition = function.name, function.node
    if function is None or function.decorators or not function.only:
        return ""
    params = function.node.params[call.callee is None :]
    words = {argument.name for argument in node.args if argument.name is not None}
    reason = binding.refusal(name, params, len(node.args) - len(words), words)
    return reason if reason and _is_the_only_one(script, call, name, definition) else ""


def _given_twice(script: Script) -> Iterator[tuple[tree.Expr, str]]:
    for name, params in POSITIONS.items():
        for call in script.calls(name):
            twice = [] if call.star else [one for one in params[: len(call.args)] if one in call.kwargs]
            own = isinstance(call.receiver, Model) and call.receiver.kind in OWN_KINDS
            if twice and own and call.node.piece.source is script.source:
                yield call.node, f"`{name.rpartition('.')[2]}` gets `{twice[0]}` twice"


def _is_plain(cls: Class) -> bool:
    """Whether a call of ``cls`` calls its `__init__` with what it is given."""
    if cls.node.decorators or "__new__" in cls.scope.names or any(base.name for base in cls.node.bases):
        return False
    return all(
        _is_plain(base)
        if isinstance(base, Class)
        else isinstance(base, Api) and base.name.startswith(_PLAIN_BASES)
        for base in cls.bases
    )


def _is_the_only_one(script: Script, call: Call, name: str, definition: tree.Stmt) -> bool:
    """Whether ``call`` names what it calls by a name that is bound once, to this one ``definition``."""
    home = definition.piece.source
    if home is None or _count(home, name) != 1:
        return False
    if any(_UNSEEN.search(one.text) for one in (home, script.source)):
        return False
    func = call.node.func
    if isinstance(func, tree.Attribute):
        module = func.value
        return isinstance(module, tree.Name) and func.name == name and _is_imported_once(script, module.id)
    if not isinstance(func, tree.Name) or func.id != name or name in script.names.parameters:
        return False
    if home is script.source:
        return not any(one.bound == name for one in script.imports)
    return _is_imported_once(script, name)


def _count(source: Source, name: str) -> int:
    """How many times ``name`` is defined or assigned in ``source``, or seems to be."""
    found = re.findall(
        rf"\b(?:def|class)\s+{name}\b|\b{name}\s*(?::[^=\n]*)?=(?!=)|\bas\s+{name}\b", source.text
    )
    return len(found)


def _is_imported_once(script: Script, name: str) -> bool:
    """Whether ``name`` is bound by an import alone, of one and the same thing, that is not tried."""
    rows = [
        one for one in script.imports if one.bound == name and one.statement.piece.source is script.source
    ]
    if (
        len({one.dotted for one in rows}) != 1
        or any(one.tried for one in rows)
        or name in script.names.parameters
    ):
        return False
    text = script.source.text
    return len(re.findall(rf"\bas\s+{name}\b", text)) == _count(script.source, name)


# Attributes that nothing gives


def _missing(script: Script) -> Iterator[tuple[tree.Expr, str]]:
    if script.missing and _UNSEEN.search(script.source.text):
        return
    for node, owner in script.missing:
        if node.piece.source is not script.source or not isinstance(node.value, tree.Name):
            continue
        around = script.names.around(node)
        if not around or not isinstance(around[0], tree.Call) or around[0].func is not node:
            continue  # plain attributes may be set by whoever imports the script
        homes = _homes(script, node.value, owner)
        sources = [script.source, *(module.source for module in script.project.modules.values())]
        if not homes or any(re.search(rf"\.{node.name}\s*=(?!=)", one.text) for one in sources):
            continue
        # A word of that name that is not itself such a call may be what gives it.
        given = re.compile(rf"(?<!\.)\b{node.name}\b|\b{node.name}\b(?!\s*\()")
        if any(_UNSEEN.search(home.text) or given.search(home.text) for home in homes):
            continue
        if not _is_given_elsewhere(script, node.name, {home.path for home in homes}):
            yield node, f"`{node.value.id}` has no `{node.name}`"


def _is_given_elsewhere(script: Script, name: str, homes: set[str]) -> bool:
    """Whether another file that takes part may give what stands in ``homes`` an attribute ``name``."""
    project = script.project
    read = (module for path, module in project.read.items() if path not in homes)
    if any(not module.words.isdisjoint((name, *SETTERS)) for module in read):
        return True
    own = {script.source.path, *homes}
    files = [project.importers(one, path) for path in homes for one in (name, *SETTERS)]
    return any(found is None or not own.issuperset(found) for found in files)


def _homes(script: Script, name: tree.Name, owner: Instance) -> list[Source]:
    """The texts that say all of what ``owner``, known by ``name``, has; none where others may have a say."""
    if owner.path is not None:
        module = script.project.modules.get(owner.path)
        if module is None or owner.path.endswith("__init__.py") or not _is_imported_once(script, name.id):
            return []
        return [module.source]
    made = _made_once(script, name.id)
    classes = _chain(owner.cls)
    if made is None or made.receiver is not owner.cls or not classes:
        return []
    if not _is_the_only_one(script, made, owner.cls.node.name, owner.cls.node):
        return []
    return [one.node.piece.source for one in classes if one.node.piece.source is not None]


def _made_once(script: Script, name: str) -> Call | None:
    """The call of a class of the project that makes what ``name`` is bound to, once in the whole script."""
    names = script.names
    if name in names.otherwise_bound or name in names.parameters:
        return None
    bound = [use for use in names.uses(name) if use.is_bound]
    statement = bound[0].around[0] if len(bound) == 1 else None
    if not isinstance(statement, tree.Assign) or not isinstance(statement.value, tree.Call):
        return None
    calls = [call for call in script.all_calls if call.node is statement.value]
    return calls[0] if len(calls) == 1 and calls[0].name.startswith("class ") else None


def _chain(cls: Class) -> list[Class]:
    """``cls`` and all that it derives from; none where a library has a part in it."""
    if not _is_plain(cls):
        return []
    found = [cls]
    for base in cls.bases:
        if isinstance(base, Class):
            above = _chain(base)
            if not above:
                return []
            found += above
        elif not isinstance(base, Api) or base.name not in ("builtins.object", "abc.ABC"):
            return []
    return found
