"""Attributes that a program sets to False and to nothing else: what they switch on is not run as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis import tree
from keras_memlint.analysis.uses import below

if TYPE_CHECKING:
    from keras_memlint.analysis.parse import Parsed
    from keras_memlint.analysis.script import Script

_STRING = 200  # characters of a string that is a name, and no text or code


def is_off(script: Script, test: tree.Expr) -> bool:
    """Whether ``test`` is ``self.flag`` or ``config.flag``, False in the script, and set by no file that imports it."""
    if not isinstance(test, tree.Attribute):
        return False
    files = script.project.importers(test.name)
    others = [script.project.statements_of(path) for path in files or ()]
    if files is None or None in others:
        return False
    own = list(_given(script.parsed, test.name))
    more = [one for parsed in others if parsed is not None for one in _given(parsed, test.name)]
    return "off" in own and "unknown" not in own + more


def _given(parsed: Parsed, name: str) -> Iterator[str]:
    """What attributes called ``name`` are given: ``off``, or ``unknown``; nothing where one is handed to another."""
    if parsed.broken:
        yield "unknown"
    for node in below(parsed.statements):
        if isinstance(node, tree.Assign):
            for target in node.targets:
                if isinstance(target, (tree.Attribute, tree.Name)) and _name(target) == name:
                    yield from _value(node.value, name)
                elif isinstance(target, tree.Sequence) and any(_name(one) == name for one in target.elements):
                    yield "unknown"
        elif isinstance(node, tree.AnnAssign) and node.value is not None and _name(node.target) == name:
            yield from _value(node.value, name)
        elif isinstance(node, (tree.AugAssign, tree.For)):
            if _name(node.target) == name:
                yield "unknown"
        elif isinstance(node, (tree.Argument, tree.Parameter)):
            if node.name == name:
                yield "unknown"
        elif isinstance(node, tree.Constant) and isinstance(node.value, str):
            if name in node.value and len(node.value) < _STRING:
                yield "unknown"  # what `setattr` or the command line calls it


def _name(target: tree.Node) -> str:
    return target.name if isinstance(target, tree.Attribute) else getattr(target, "id", "")


def _value(value: tree.Expr, name: str) -> Iterator[str]:
    if isinstance(value, tree.Name) and value.id == "False":
        yield "off"
    elif not (isinstance(value, tree.Attribute) and value.name == name):
        yield "unknown"
