"""Lines of files that were opened as bytes, whose methods are given text: Python 3 raises, Python 2 does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keras_memlint.analysis.syntax import tree

if TYPE_CHECKING:
    from keras_memlint.analysis.script import Script

_OPENED = re.compile(r"\bopen\([^\n]*[\"'](?:r\+?b\+?|br)[\"']")
# What bytes give that are bytes again.
_KEEP = frozenset(["lower", "lstrip", "rstrip", "strip", "upper"])
# What refuses text as its first argument.
_REFUSE = frozenset(
    [
        "count",
        "endswith",
        "find",
        "index",
        "lstrip",
        "partition",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "startswith",
        "strip",
    ]
)
# What the files that pin versions say of Python, and what Python 2 cannot read.
_PYTHON_3 = re.compile(
    r"^\s*(?:python_version|python_full_version|python|requires-python|python_requires)\s*=\s*[\"'](?:[~^>=]=?)?\s*3"
    r"|python_requires\s*=\s*[\"'](?:[~^>=]=?)?\s*3|^\s*-\s*(?:\w+::)?python\s*[=~>]=?\s*3",
    re.MULTILINE,
)
_ONLY_3 = re.compile(
    r"(?<![\w\"'])[fF][\"']|^\s*(?:async def|nonlocal)\b|\byield from\b|^\s*def [^\n]*->|:=", re.MULTILINE
)
_NO_PYTHON_2 = (2, 1)  # TensorFlow


def refused(script: Script) -> Iterator[tuple[tree.Expr, str]]:
    """The calls that raise, where the project says that it is for Python 3."""
    text = script.source.text
    if _OPENED.search(text) is None or not _is_for_python_3(script):
        return
    names = script.names
    for name in {node.id for loop in _loops(script) for node in [loop.target] if isinstance(node, tree.Name)}:
        uses = names.uses(name)
        if name in names.otherwise_bound or name in names.parameters:
            continue
        if all(_is_byte_line(script, use.around[0], use.node) for use in uses if use.is_bound):
            for use in uses:
                call = _refusing(use.node, use.around)
                if call is not None and not use.is_bound:
                    method = tree.last_name(call.func)
                    yield call, f"`{method}` of a line of bytes gets text"


def _loops(script: Script) -> Iterator[tree.For]:
    return (one for one in tree.below(script.parsed.statements) if isinstance(one, tree.For))


def _is_for_python_3(script: Script) -> bool:
    project = script.project
    return (
        _ONLY_3.search(script.source.text) is not None
        or project.floors.get("tensorflow", (0,)) >= _NO_PYTHON_2
        or any(_PYTHON_3.search(text) for text in project.requirements)
    )


def _is_byte_line(script: Script, loop: tree.Node, name: tree.Name) -> bool:
    """Whether ``loop`` binds ``name`` to the lines of a file that was opened as bytes."""
    if not isinstance(loop, tree.For) or loop.target is not name:
        return False
    return (
        _is_bytes_file(loop.iter)
        if not isinstance(loop.iter, tree.Name)
        else _holds_bytes(script, loop.iter.id)
    )


def _holds_bytes(script: Script, name: str) -> bool:
    """Whether ``name`` is nothing but such files, in the whole script."""
    names = script.names
    if name in names.otherwise_bound or name in names.parameters:
        return False
    given = []
    for use in names.uses(name):
        if use.is_bound:
            outer = use.around[0]
            if isinstance(outer, tree.Assign) and len(outer.targets) == 1:
                given.append(outer.value)
            elif isinstance(outer, tree.With):
                given += [context for context, target in outer.items if target is use.node]
            else:
                return False
    return bool(given) and all(map(_is_bytes_file, given))


def _is_bytes_file(value: tree.Expr) -> bool:
    if not isinstance(value, tree.Call) or not isinstance(value.func, tree.Name) or value.func.id != "open":
        return False
    modes = [one.value for n, one in enumerate(value.args) if one.name == "mode" or (n == 1 and not one.name)]
    mode = modes[0] if len(modes) == 1 and not any(one.star for one in value.args) else None
    return isinstance(mode, tree.Constant) and isinstance(mode.value, str) and "b" in mode.value


def _refusing(node: tree.Name, around: tuple[tree.Node, ...]) -> tree.Call | None:
    """The method of ``node``, or of bytes made of it, that is given text."""
    at: tree.Node = node
    for attribute, call in zip(around[::2], around[1::2], strict=False):
        if not isinstance(attribute, tree.Attribute) or attribute.value is not at:
            return None
        if not isinstance(call, tree.Call) or call.func is not attribute:
            return None
        given = call.args[0].value if call.args else None
        if attribute.name in _REFUSE and isinstance(given, tree.Constant) and isinstance(given.value, str):
            return call
        if attribute.name not in _KEEP or given is not None:
            return None
        at = call
    return None
