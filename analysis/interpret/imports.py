"""What import statements bind: modules of the user's own, read when they are used, and library objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_memlint.analysis.abstract.scopes import Scope
from keras_memlint.analysis.abstract.values import UNKNOWN, Instance, Lazy, Value
from keras_memlint.analysis.interpret.references import api
from keras_memlint.analysis.interpret.stars import star_names
from keras_memlint.analysis.syntax import tree
from keras_memlint.analysis.text.source import Source

if TYPE_CHECKING:
    from keras_memlint.analysis.interpret.interpreter import Interpreter


def import_(run: Interpreter, node: tree.Import, scope: Scope) -> bool:
    for alias in node.names:
        run.order += 1
        top = alias.name.partition(".")[0]
        bound = alias.asname or top
        target = alias.name if alias.asname else top
        run.imports.append((alias, node, alias.name, bound, target, run.order, run.at_top, run.tries > 0))
        path = run.project.locate(alias.name if alias.asname else top, 0, node.piece.source)
        scope.bind(bound, _own_module(run, path, node.piece.source) if path is not None else api(target))
    return False


def import_from(run: Interpreter, node: tree.ImportFrom, scope: Scope) -> bool:
    source = node.piece.source
    path = run.project.locate(node.module, node.level, source)
    if not node.names:
        run.order += 1
        run.imports.append((None, node, node.module, "*", "", run.order, run.at_top, run.tries > 0))
        _star(run, node, path, scope)
        return False
    for alias in node.names:
        run.order += 1
        bound = alias.asname or alias.name
        dotted = f"{node.module}.{alias.name}" if node.module else alias.name
        run.imports.append((alias, node, dotted, bound, dotted, run.order, run.at_top, run.tries > 0))
        scope.bind(bound, _imported(run, node, path, alias.name, dotted))
    return False


def _star(run: Interpreter, node: tree.ImportFrom, path: str | None, scope: Scope) -> None:
    """``from module import *``."""
    if path is None:
        for name in star_names(node.module) if not node.level else ():
            scope.bind(name, api(f"{node.module}.{name}"))
        return
    module = run.project.load(path, node.piece.source)
    if isinstance(module, Instance):
        for name, value in list(module.attributes.items()):
            if not name.startswith("_"):
                scope.bind(name, value)


def _imported(run: Interpreter, node: tree.ImportFrom, path: str | None, name: str, dotted: str) -> Value:
    """The value of ``from module import name``."""
    source = node.piece.source
    project = run.project
    if path is not None:
        return Lazy(lambda: project.member(path, name, source))
    below = project.locate(dotted, node.level, source)
    if below is not None:
        return _own_module(run, below, source)
    return UNKNOWN if node.level else api(dotted)


def _own_module(run: Interpreter, path: str, source: Source | None) -> Value:
    """A module of the user's own, read when it is used."""
    return Lazy(lambda: run.project.load(path, source))
