"""Attributes that a program sets to False and to nothing else: what they switch on is not run as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.facts.dynamic import SETS, SETTERS
from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script
    from keras_memlint.analysis.syntax.parse import Parsed

_STRING = 200  # characters of a string that is a name, and no text or code


def is_off(script: Script, test: tree.Expr) -> bool:
    """Whether ``test`` is ``self.flag`` or ``config.flag``, False where the program sets it, and set nowhere to anything else.

    The program is the script, the modules that it reads, and the files that import it.
    """
    project = script.project
    if not isinstance(test, tree.Attribute) or project.is_installed or SETS.search(script.source.text):
        return False
    name, read = test.name, project.read
    if any(not module.words.isdisjoint(SETTERS) for module in read.values()):
        return False
    files, around = project.importers(name), project.imported_words
    others = [project.statements_of(path) for path in files or ()]
    if files is None or None in others or around is None or not around.isdisjoint(SETTERS):
        return False
    if any(path not in read and name in project.text(path) for path in project.located):
        return False  # a module that is imported and was not read
    modules = [project.workspace.parse(one.source)[1] for one in read.values() if name in one.words]
    known = [
        given
        for parsed in (script.parsed, *modules, *others)
        if parsed is not None
        for given in _given(parsed, name)
    ]
    return "off" in known and "unknown" not in known


def _given(parsed: Parsed, name: str) -> Iterator[str]:
    """What attributes called ``name`` are given: ``off``, or ``unknown``; nothing where one is handed to another."""
    if parsed.broken:
        yield "unknown"
    for node in tree.below(parsed.statements):
        if isinstance(node, (tree.Assign, tree.AnnAssign)):
            targets = node.targets if isinstance(node, tree.Assign) else (node.target,)
            for target in targets if node.value is not None else ():
                if tree.last_name(target) == name and node.value is not None:
                    yield from _value(node.value, name)
                elif _binds(target, name):
                    yield "unknown"
        elif isinstance(node, tree.With):
            if any(target is not None and _binds(target, name) for _, target in node.items):
                yield "unknown"
        elif isinstance(node, (tree.AugAssign, tree.For)):
            if _binds(node.target, name):
                yield "unknown"
        elif isinstance(node, tree.ClassDef):
            if node.name == name or ((node.decorators or node.bases) and _sets(node, name)):
                yield "unknown"  # as that of a dataclass, which whoever makes one gives
        elif isinstance(node, (tree.Argument, tree.Parameter, tree.FunctionDef)):
            if node.name == name:
                yield "unknown"
        elif isinstance(node, tree.Alias):
            if (node.asname or node.name) == name:
                yield "unknown"
        elif isinstance(node, tree.Constant) and isinstance(node.value, str):
            if name in node.value and len(node.value) < _STRING:
                yield "unknown"  # what `setattr` or the command line calls it


def _sets(node: tree.ClassDef, name: str) -> bool:
    """Whether the body of a class that others have a part in sets ``name``."""
    return any(
        isinstance(one, (tree.Assign, tree.AnnAssign)) and name in tree.bound_names(one) for one in node.body
    )


def _binds(target: tree.Expr, name: str) -> bool:
    """Whether ``target`` or a part of it is called ``name``."""
    if isinstance(target, tree.Sequence):
        return any(_binds(one, name) for one in target.elements)
    return _binds(target.value, name) if isinstance(target, tree.Starred) else tree.last_name(target) == name


def _value(value: tree.Expr, name: str) -> Iterator[str]:
    if isinstance(value, tree.Name) and value.id == "False":
        yield "off"
    elif not (isinstance(value, tree.Attribute) and value.name == name):
        yield "unknown"
