"""The concrete tree of a text: this module alone calls libcst's parser.

The parser is native, and makes each node of the class that it finds by name in the module ``libcst``. While it works
for us it finds light ones there: nobody checks again what the parser made, and libcst's own classes, which take as long
to import as dozens of scripts to parse, are not needed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import ModuleType, SimpleNamespace
from typing import Any


class Node(SimpleNamespace):
    """A node of the parser's tree, with the attributes that libcst documents. Those that the parser leaves out are None."""

    __slots__ = ()
    annotation = bound = default = keyword = returns = star_arg = star_kwarg = type_parameters = None
    asname = lbracket = lpar = module = name = pattern = rest = None
    cause = exc = guard = lower = msg = step = type = upper = value = None
    asynchronous = finalbody = inner_for_in = orelse = None


class ParserSyntaxError(Exception):
    """The text does not parse; ``raw_line`` is the line that is at fault, counted from one."""

    def __init__(self, message: str, raw_line: int, **_others: object) -> None:
        super().__init__(message)
        self.raw_line = raw_line


def _kind(name: str) -> type[Node]:
    """The class of the nodes that libcst calls ``name``, made when it is asked for first."""
    if name.startswith("__"):
        raise AttributeError(name)
    made = type(name, (Node,), {"__slots__": ()})
    setattr(kinds, name, made)
    return made


# What the parser finds in place of libcst: a class for each name. It imports the module for each node, and each import
# asks whether the module is still being loaded, which is slow where nothing answers.
kinds = ModuleType("libcst")
vars(kinds).update(
    __getattr__=_kind, __spec__=SimpleNamespace(_initializing=False), ParserSyntaxError=ParserSyntaxError
)


def _load() -> Any:
    """libcst's native module, by itself."""
    package = find_spec("libcst")
    spec = PathFinder.find_spec("libcst.native", package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        return import_module("libcst.native")  # says what is missing
    native = module_from_spec(spec)
    spec.loader.exec_module(native)
    return native


_native = _load()
_parsing = Lock()


def statements_of(code: str, indent: str) -> Sequence[Any]:
    """The statements of ``code``, which stands behind ``indent``.

    Raises ParserSyntaxError, and TypeError and others on odd but valid text.
    """
    with _parsing:
        imported = sys.modules.get("libcst")
        sys.modules["libcst"] = kinds
        try:
            statements = _native.parse_module(f"if 1:\n{code}" if indent else code).body
        finally:
            if imported is None:
                del sys.modules["libcst"]
            else:
                sys.modules["libcst"] = imported
    found: Sequence[Any] = statements[0].body.body if indent else statements
    return found
