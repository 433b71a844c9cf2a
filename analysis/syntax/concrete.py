"""The concrete tree of a text: this module alone calls libcst's parser.

The parser is native, and makes each node of the class that it finds by name in the module ``libcst``. While it works
for us it finds light ones there: nobody checks again what the parser made, and libcst's own classes, which take as long
to import as dozens of scripts to parse, are not needed. A libcst whose parser does not look there is used as documented.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    """libcst's native module, by itself; None where it does not work as it did in the releases that were seen."""
    package = find_spec("libcst")
    spec = PathFinder.find_spec("libcst.native", package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        return None
    try:
        native = module_from_spec(spec)
        spec.loader.exec_module(native)
        with _in_place_of_libcst():
            return native if isinstance(native.parse_module("x\n").body[0], Node) else None
    except (ImportError, AttributeError, TypeError):
        return None


@contextmanager
def _in_place_of_libcst() -> Iterator[None]:
    """Meanwhile the parser finds ``kinds``."""
    with _parsing:
        imported = sys.modules.get("libcst")
        sys.modules["libcst"] = kinds
        try:
            yield
        finally:
            if imported is None:
                del sys.modules["libcst"]
            else:
                sys.modules["libcst"] = imported


_parsing = Lock()
_native = _load()
if _native is None:  # a libcst to come: slower, by what it documents
    import libcst

    kinds, Node, ParserSyntaxError = libcst, libcst.CSTNode, libcst.ParserSyntaxError  # type: ignore[misc,assignment]


def statements_of(code: str, indent: str) -> Sequence[Any]:
    """The statements of ``code``, which stands behind ``indent``.

    Raises ParserSyntaxError, and TypeError and others on odd but valid text.
    """
    text = f"if 1:\n{code}" if indent else code
    if _native is None:
        statements: Any = kinds.parse_module(text).body
    else:
        with _in_place_of_libcst():
            statements = _native.parse_module(text).body
    found: Sequence[Any] = statements[0].body.body if indent else statements
    return found
